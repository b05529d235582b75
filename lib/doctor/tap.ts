import type { TuntapSpec } from '../spec/index.js'
import type { HostFacts } from './facts.js'
import type { Finding } from './finding.js'

/** What would keep this host from the tap of a `tuntap` spec. */
export function checkTap(_spec: TuntapSpec, _facts: HostFacts): Finding[] {
  return []
}
