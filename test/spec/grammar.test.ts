/**
 * The grammar by itself, with a transport made for the purpose: what the table of a new transport may ask of it.
 */

import assert from 'node:assert/strict'
import { printSpec, readFields, readObject } from '../../lib/spec/grammar.js'
import type { Transport } from '../../lib/spec/grammar.js'
import { integer, onOff, textKind } from '../../lib/spec/kinds.js'

interface SniffSpec {
  transport: 'sniff'
  device?: string
  filter?: string
  snap: number
  promisc: boolean
}

const text = textKind((value) => value)

const sniff: Transport<Partial<SniffSpec>, SniffSpec> = {
  name: 'sniff',
  example: { device: 'eth0' },
  fields: [
    { name: 'device', kind: text, required: true },
    { name: 'filter', kind: text, verbatim: true },
  ],
  options: [
    { name: 'snap', kind: integer(1, 9000), default: 1514 },
    { name: 'promisc', kind: onOff, default: false },
  ],
}

const DEFAULTS = { transport: 'sniff', device: 'eth0', snap: 1514, promisc: false }

describe('the grammar', () => {
  it('fills in defaults and leaves out keys without one', () => {
    assert.deepEqual(readFields(sniff, ['eth0']), DEFAULTS)
    assert.deepEqual(readObject(sniff, { transport: 'sniff', device: 'eth0' }), DEFAULTS)
  })

  it('never takes a verbatim field for an option, known or not', () => {
    assert.deepEqual(readFields(sniff, ['eth0', 'snap=5']), { ...DEFAULTS, filter: 'snap=5' })
    assert.deepEqual(readFields(sniff, ['eth0', 'x=5', 'snap=5']), { ...DEFAULTS, filter: 'x=5', snap: 5 })
  })

  it('takes it for one once the options have begun', () => {
    assert.deepEqual(readFields(sniff, ['eth0', '', 'snap=5', 'promisc=on']), {
      ...DEFAULTS,
      snap: 5,
      promisc: true,
    })
  })

  it('keeps the place of an empty field before one that is given', () => {
    assert.equal(
      printSpec(sniff, { device: undefined, filter: 'udp', snap: 9, promisc: false }),
      'sniff,,udp,snap=9',
    )
  })

  it('says which field is missing, and shows the example', () => {
    assert.throws(() => readFields(sniff, ['', 'udp']), {
      message: 'sniff: device is missing: give one, as in sniff,eth0',
    })
  })
})
