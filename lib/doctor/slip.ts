import type { SlipSpec } from '../spec/index.js'
import type { HostFacts } from './facts.js'
import type { Finding } from './finding.js'

/** What would keep a `slip` port from working here. */
export function checkSlip(_spec: SlipSpec, _facts: HostFacts): Finding[] {
  return []
}
