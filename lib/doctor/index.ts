/**
 * The doctor: what on this host would stop a port, or make it worse than it could be.
 *
 * A new transport is one file here and its entry in `transports`.
 */

import type { PortSpec } from '../spec/index.js'
import type { HostFacts } from './facts.js'
import type { Finding } from './finding.js'
import { checkHost } from './host.js'
import { checkMcast } from './mcast.js'
import { checkUcast } from './ucast.js'
import { checkReceiveBuffer } from './udp.js'

type Checks = {
  [Name in PortSpec['transport']]: (
    spec: Extract<PortSpec, { transport: Name }>,
    facts: HostFacts,
  ) => Finding[]
}

const transports: Checks = {
  mcast: checkMcast,
  ucast: checkUcast,
  // Rings in this process's memory need nothing of the host.
  host: () => [],
}

/** @param spec the port that is wanted; left out: only what matters to every port */
export function examine(facts: HostFacts, spec?: PortSpec): Finding[] {
  const general = checkHost(facts)
  if (spec === undefined || 'error' in facts.addon) return [...general, ...checkReceiveBuffer(facts)]
  const check = transports[spec.transport] as (spec: PortSpec, facts: HostFacts) => Finding[]
  return [...general, ...check(spec, facts)]
}
