/** What on this host would stop a port, and the remedy. A new transport is one file here and its line in `checks`. */

import type { PortSpec } from '../spec/index.js'
import type { HostFacts } from './facts.js'
import type { Finding } from './finding.js'
import { checkBess } from './bess.js'
import { checkDaemon } from './daemon.js'
import { checkDgram } from './dgram.js'
import { checkEthertap } from './ethertap.js'
import { checkFd } from './fd.js'
import { checkHost } from './host.js'
import { checkMcast } from './mcast.js'
import { checkPcap } from './pcap.js'
import { checkSlip } from './slip.js'
import { checkSlirp } from './slirp.js'
import { checkStream } from './stream.js'
import { checkSwitch } from './switch.js'
import { checkTap } from './tap.js'
import { checkUcast } from './ucast.js'

export { hostFacts } from './facts.js'
export type { HostFacts, HostLink } from './facts.js'
export type { Finding, Level } from './finding.js'
export type { FolderFault, PathFact, SocketFacts } from './sockets.js'

type Check<Spec> = (spec: Spec, facts: HostFacts) => Finding[]

const checks: { [Name in PortSpec['transport']]: Check<Extract<PortSpec, { transport: Name }>> } = {
  mcast: checkMcast,
  ucast: checkUcast,
  tuntap: checkTap,
  ethertap: checkEthertap,
  daemon: checkDaemon,
  switch: checkSwitch,
  slip: checkSlip,
  slirp: checkSlirp,
  pcap: checkPcap,
  bess: checkBess,
  fd: checkFd,
  stream: checkStream,
  dgram: checkDgram,
  host: () => [],
}

/** Everything worth saying about this host and, if a spec is given, about a port of it here. */
export function examine(facts: HostFacts, spec?: PortSpec): Finding[] {
  if (spec === undefined) return checkHost(facts, true)
  const check = checks[spec.transport] as Check<PortSpec>
  return [...checkHost(facts, false), ...check(spec, facts)]
}
