/**
 * What holds for every spec, tried on generated ones.
 */

import assert from 'node:assert/strict'
import fc from 'fast-check'
import { EthercastError, formatSpec, parseSpec } from '../../lib/spec/index.js'
import type { SpecObject } from '../../lib/spec/index.js'
import { validSpec } from './arbitraries.js'

const RUNS = { numRuns: 2000 }

/** Runs `parseSpec` on anything; fails on whatever is thrown that is no refusal of a field. */
function onlyRefuses(spec: unknown): void {
  try {
    const normalised = parseSpec(spec as SpecObject)
    assert.deepEqual(parseSpec(formatSpec(normalised)), normalised)
  } catch (error) {
    assert.ok(error instanceof EthercastError, String(error))
    assert.equal(error.code, 'ERR_ETHERCAST_FIELD')
    assert.notEqual(error.field, undefined)
    assert.ok(error.message.length < 1000, error.message)
    assert.doesNotMatch(error.message, /\[object|[\n\0]/)
  }
}

/** Pieces of specs, so that random strings come past the first check. */
const piece = fc.oneof(
  fc.constantFrom(
    ',',
    ',',
    '=',
    '%',
    ':',
    '::',
    '.',
    ' ',
    '\0',
    '-1',
    '0',
    '1102',
    'eth0=',
    'on',
    'off',
    'lo',
  ),
  fc.constantFrom(
    'mcast',
    'ucast',
    'host',
    'tuntap',
    'pcap',
    'promisc',
    'nooptimize',
    'tcp port 80',
    'interface=',
    'source=',
    'mss=',
    'buffer=',
    'loop=',
    'mtu=',
  ),
  fc.constantFrom(
    '239.1.1.1',
    '232.1.1.1',
    '10.0.0.1',
    'ff02::1',
    'ff3e::1',
    'fe80::1',
    'fe:fd:0:0:0:1',
    '4M',
  ),
  fc.string({ unit: 'binary', maxLength: 3 }),
)
const pieces = fc.array(piece, { maxLength: 12 })
const separated = fc
  .tuple(fc.constantFrom('mcast', 'ucast', 'tuntap', 'host', 'pcap', 'eth0=mcast', 'eth9=ucast'), pieces)
  .map(([start, rest]) => [start, ...rest].join(','))

const keys =
  'mac group port ttl remote listenPort remotePort interface source loop buffer mss offload mtu maxFrame device hostIp owner persist filter promisc optimize'
const rightKeys = fc
  .tuple(
    fc.constantFrom('mcast', 'ucast', 'tuntap', 'host', 'pcap', 'slirp', '', null),
    fc.dictionary(
      fc.oneof(fc.constantFrom(...keys.split(' ')), fc.string()),
      fc.oneof(fc.jsonValue(), piece, fc.integer(), fc.anything()),
      { maxKeys: 4 },
    ),
  )
  .map(([transport, rest]) => ({ transport, ...rest }))

describe('every spec', () => {
  it('has a canonical string that means the same and stays the same', () => {
    fc.assert(
      fc.property(validSpec, (object) => {
        const canonical = formatSpec(object)
        const normalised = parseSpec(canonical)
        assert.deepEqual(normalised, parseSpec(object))
        assert.equal(formatSpec(normalised), canonical)
        assert.equal(formatSpec(`eth7=${canonical}`), canonical)
        assert.doesNotMatch(canonical, /,$|%/)
      }),
      RUNS,
    )
  })

  it('survives JSON in its normalised form', () => {
    fc.assert(
      fc.property(validSpec, (object) => {
        const normalised = parseSpec(object)
        assert.deepEqual(parseSpec(JSON.parse(JSON.stringify(normalised)) as SpecObject), normalised)
      }),
      RUNS,
    )
  })
})

describe('parseSpec throws nothing but refusals', () => {
  for (const [what, values] of Object.entries<fc.Arbitrary<unknown>>({
    'any string': fc.string({ unit: 'binary' }),
    'pieces of specs, separated by commas': separated,
    'pieces of specs in any order': pieces.map((all) => all.join('')),
    'any JSON': fc.jsonValue(),
    'any value': fc.anything(),
    'objects with the right keys and wrong values': rightKeys,
  })) {
    it(`on ${what}`, () => fc.assert(fc.property(values, onlyRefuses), RUNS))
  }
})
