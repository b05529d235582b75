import type { PcapSpec } from '../spec/index.js'
import type { HostFacts } from './facts.js'
import type { Finding } from './finding.js'

/** What would keep a `pcap` port from working here. */
export function checkPcap(_spec: PcapSpec, _facts: HostFacts): Finding[] {
  return []
}
