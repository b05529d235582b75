import type { EthertapSpec } from '../spec/index.js'
import type { HostFacts } from './facts.js'
import type { Finding } from './finding.js'
import { checkTap } from './tap.js'

/** What would keep this host from the tap that stands in for the device of an `ethertap` spec. */
export function checkEthertap(spec: EthertapSpec, facts: HostFacts): Finding[] {
  return checkTap(spec, facts)
}
