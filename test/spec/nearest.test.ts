/**
 * Near misses: what is suggested, and what is too far off.
 */

import assert from 'node:assert/strict'
import { editDistance, nearest } from '../../lib/spec/nearest.js'

const names = ['mcast', 'ucast', 'interface', 'mtu', 'mss', 'switch']

describe('the nearest name', () => {
  for (const [name, expected] of [
    ['mcats', 'mcast'],
    ['Mcast', 'mcast'],
    ['multicast', 'mcast'],
    ['unicast', 'ucast'],
    ['interfce', 'interface'],
    ['intreface', 'interface'],
    ['iface', 'interface'],
    ['mtuu', 'mtu'],
    ['swich', 'switch'],
    ['colour', undefined],
    ['', undefined],
    ['x'.repeat(4000), undefined],
  ] as const) {
    it(`to ${JSON.stringify(name.slice(0, 20))} is ${expected ?? 'none'}`, () => {
      assert.equal(nearest(name, names), expected)
    })
  }
})

describe('the edit distance', () => {
  for (const [a, b, distance] of [
    ['', '', 0],
    ['', 'abc', 3],
    ['abc', 'acb', 1],
    ['abc', 'abd', 1],
    ['kitten', 'sitting', 3],
  ] as const) {
    it(`of ${a || 'nothing'} and ${b || 'nothing'} is ${distance}`, () =>
      assert.equal(editDistance(a, b), distance))
  }
})
