import type { SwitchSpec } from '../spec/index.js'
import type { HostFacts } from './facts.js'
import type { Finding } from './finding.js'

/** What would keep a `switch` port from working here. */
export function checkSwitch(_spec: SwitchSpec, _facts: HostFacts): Finding[] {
  return []
}
