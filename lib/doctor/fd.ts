import type { FdSpec } from '../spec/index.js'
import type { HostFacts } from './facts.js'
import type { Finding } from './finding.js'

/** What would keep a `fd` port from working here. */
export function checkFd(_spec: FdSpec, _facts: HostFacts): Finding[] {
  return []
}
