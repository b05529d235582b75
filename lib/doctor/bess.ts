import type { BessSpec } from '../spec/index.js'
import type { HostFacts } from './facts.js'
import type { Finding } from './finding.js'

/** What would keep a `bess` port from working here. */
export function checkBess(_spec: BessSpec, _facts: HostFacts): Finding[] {
  return []
}
