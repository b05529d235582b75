import type { EthertapSpec } from '../spec/index.js'
import type { HostFacts } from './facts.js'
import type { Finding } from './finding.js'

/** What would keep a `ethertap` port from working here. */
export function checkEthertap(_spec: EthertapSpec, _facts: HostFacts): Finding[] {
  return []
}
