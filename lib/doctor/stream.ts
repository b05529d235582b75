import type { StreamSpec } from '../spec/index.js'
import type { HostFacts } from './facts.js'
import type { Finding } from './finding.js'

/** What would keep a `stream` port from working here. */
export function checkStream(_spec: StreamSpec, _facts: HostFacts): Finding[] {
  return []
}
