// The two accounts that every port keeps.
import assert from 'node:assert/strict'
import type { PortStats } from '../../lib/index.js'

export const sum = (drops: Record<string, number>) =>
  Object.values(drops).reduce((all, each) => all + each, 0)

/** What came in went on or was dropped; what was picked left, waits or was dropped. */
export function assertBalanced(stats: PortStats, name: string): void {
  const { rx, tx } = stats
  assert.equal(rx.frames, rx.forwarded + sum(rx.drops), `${name}: rx ${JSON.stringify(rx)}`)
  assert.equal(tx.picked, tx.frames + sum(tx.drops) + tx.queued, `${name}: tx ${JSON.stringify(tx)}`)
}
