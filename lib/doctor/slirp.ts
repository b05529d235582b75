import type { SlirpSpec } from '../spec/index.js'
import type { HostFacts } from './facts.js'
import type { Finding } from './finding.js'

/** What would keep a `slirp` port from working here. */
export function checkSlirp(_spec: SlirpSpec, _facts: HostFacts): Finding[] {
  return []
}
