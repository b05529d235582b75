import type { DgramSpec } from '../spec/index.js'
import type { HostFacts } from './facts.js'
import type { Finding } from './finding.js'

/** What would keep a `dgram` port from working here. */
export function checkDgram(_spec: DgramSpec, _facts: HostFacts): Finding[] {
  return []
}
