import type { SwitchSpec } from '../spec/index.js'
import type { HostFacts } from './facts.js'
import type { Finding } from './finding.js'
import { checkClients, checkMade } from './unix.js'

/** Descriptors a client takes: its control connection and a data socket. */
const PER_CLIENT = 2

/** What would keep this host from being the switch daemon of a `switch` spec. */
export function checkSwitch({ socket, clients }: SwitchSpec, facts: HostFacts): Finding[] {
  return [checkMade(socket, facts), ...checkClients(clients, PER_CLIENT, facts)]
}
