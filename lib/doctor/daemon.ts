import type { DaemonSpec } from '../spec/index.js'
import type { HostFacts } from './facts.js'
import type { Finding } from './finding.js'

/** What would keep a `daemon` port from working here. */
export function checkDaemon(_spec: DaemonSpec, _facts: HostFacts): Finding[] {
  return []
}
