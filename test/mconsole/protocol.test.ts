/** The octets of the management console, honest and hostile. */

import assert from 'node:assert/strict'
import fc from 'fast-check'
import { decodeNotice, decodeReplyPart, encodeRequest } from '../../lib/mconsole/protocol.js'
import { MAX_REPLY_OCTETS, ReplyAssembler } from '../../lib/mconsole/reply.js'
import { notice, part } from './fake_guest.js'

const RUNS = { numRuns: 2000 }
/** What a datagram may have of text, the kernel's NUL included. */
const PART_OCTETS = 512

describe('mconsole: protocol', () => {
  it('a request is magic, version, length and command, without padding', () => {
    const octets = Buffer.from(encodeRequest('versiön'))
    assert.equal(octets.toString('hex'), 'bebafeca0200000008000000' + Buffer.from('versiön').toString('hex'))
    assert.equal(Buffer.from(encodeRequest('x', 7)).readUInt32LE(4), 7)
  })

  it('a reply is put together from its parts, without the NULs that end them', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 2000 }).filter((text) => !text.includes('\0')),
        fc.integer({ min: 1, max: PART_OCTETS - 1 }),
        fc.constantFrom(0, 1, -22, -(2 ** 31)),
        (text, size, status) => {
          const octets = Buffer.from(text)
          const count = Math.ceil(octets.length / size)
          const assembler = new ReplyAssembler()
          for (let i = 0; i < count; i++) {
            const piece = Buffer.concat([octets.subarray(i * size, (i + 1) * size), Buffer.alloc(1)])
            const isLast = i === count - 1
            const reply = assembler.add(part(status, piece, isLast ? 0 : 1))
            assert.deepEqual(reply, isLast ? { status, text } : undefined)
          }
        },
      ),
      RUNS,
    )
  })

  it('a failure in the middle of a file is the reply’s', () => {
    const assembler = new ReplyAssembler()
    assert.equal(assembler.add(part(0, '\n', 1)), undefined)
    assert.deepEqual(assembler.add(part(1, 'Read of file failed')), {
      status: 1,
      text: '\nRead of file failed',
    })
  })

  it('whatever octets come: a part that fits into them, or none', () => {
    const octets = fc.oneof(
      fc.uint8Array({ maxLength: 600 }),
      fc
        .tuple(
          fc.integer(),
          fc.nat(2),
          fc.oneof(fc.nat(600), fc.nat(2 ** 32 - 1)),
          fc.uint8Array({ maxLength: 600 }),
        )
        .map(([status, more, length, data]) => part(status, data, more, length)),
    )
    fc.assert(
      fc.property(octets, (each) => {
        const decoded = decodeReplyPart(each)
        if (decoded === undefined) return
        assert.ok(decoded.data.length <= Math.min(each.length - 12, PART_OCTETS))
        assert.deepEqual(Buffer.from(decoded.data), Buffer.from(each.subarray(12, 12 + decoded.data.length)))
        assert.equal(Buffer.from(each).readInt32LE(0), decoded.status)
      }),
      RUNS,
    )
  })

  it('refuses lengths that lie, more than more, and what is too short', () => {
    for (const bad of [
      Buffer.alloc(0),
      Buffer.alloc(11),
      part(0, 'abc', 0, 5),
      part(0, 'abc', 2),
      part(0, new Uint8Array(513)),
      part(0, 'abc', 0, 0xffffffff),
    ])
      assert.equal(decodeReplyPart(bad), undefined)
    assert.ok(decodeReplyPart(part(0, 'abc', 0, 2)), 'padding is allowed')
    assert.ok(decodeReplyPart(Buffer.alloc(12)), 'nothing at all is, too')
  })

  it('a reply without an end ends: too long, or too many parts of nothing', () => {
    const long = new ReplyAssembler()
    const full = part(0, Buffer.alloc(PART_OCTETS, 0x61), 1)
    let parts = 0
    while (long.add(full) === undefined) parts++
    assert.equal(parts, MAX_REPLY_OCTETS / PART_OCTETS)
    const empty = new ReplyAssembler()
    let count = 0
    while (empty.add(part(0, '', 1)) === undefined) count++
    assert.ok(count < 100, String(count))
  })

  it('a notice is what the kernel sent, or one fault', () => {
    assert.deepEqual(decodeNotice(notice(0, '/run/uml/a/mconsole\0')), {
      type: 'socket',
      text: '/run/uml/a/mconsole',
    })
    assert.deepEqual(decodeNotice(notice(1, 'Fatal')), { type: 'panic', text: 'Fatal' })
    assert.deepEqual(decodeNotice(notice(2, '')), { type: 'hang', text: '' })
    assert.deepEqual(decodeNotice(notice(3, 'from-guest\n')), { type: 'user', text: 'from-guest\n' })
    assert.equal(decodeNotice(notice(0, 'a', { magic: 1 })), 'magic')
    assert.equal(decodeNotice(notice(0, 'a', { version: 1 })), 'version')
    assert.equal(decodeNotice(notice(4, 'a')), 'type')
    assert.equal(decodeNotice(notice(-1, 'a')), 'type')
    assert.equal(decodeNotice(notice(0, 'a', { length: 2 })), 'length')
    assert.equal(decodeNotice(notice(0, Buffer.alloc(513))), 'length')
    assert.equal(decodeNotice(Buffer.alloc(15)), 'length')
  })

  it('whatever octets come: a notice or a fault', () => {
    const octets = fc.oneof(
      fc.uint8Array({ maxLength: 600 }),
      fc
        .tuple(fc.integer({ min: -1, max: 4 }), fc.uint8Array({ maxLength: 520 }), fc.nat(2 ** 32 - 1))
        .map(([type, text, length]) => notice(type, text, { length })),
    )
    fc.assert(
      fc.property(octets, (each) => {
        const decoded = decodeNotice(each)
        if (typeof decoded === 'string') assert.match(decoded, /^(length|magic|version|type)$/)
        else assert.ok(Buffer.byteLength(decoded.text) <= 3 * 512)
      }),
      RUNS,
    )
  })
})
