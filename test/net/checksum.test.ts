import assert from 'node:assert/strict'
import fc from 'fast-check'
import { internetChecksum, pseudoSum4, pseudoSum6, sum16 } from '../../lib/net/checksum.js'
import { hex } from './frames.js'
import { VECTORS } from './vectors.js'

describe('net/checksum', () => {
  it('sums the example of RFC 1071 section 3', () => {
    assert.equal(sum16(hex('0001 f203 f4f5 f6f7')), 0xddf2)
    assert.equal(internetChecksum(hex('0001 f203 f4f5 f6f7')), 0x220d)
  })

  it('counts an odd last octet as if a zero followed, and nothing as nothing', () => {
    assert.equal(sum16(hex('0001 f2')), 0xf201)
    assert.equal(internetChecksum(new Uint8Array(0)), 0xffff)
  })

  it('folds carries however many there are', () => {
    assert.equal(sum16(new Uint8Array(65536).fill(0xff)), 0xffff)
  })

  it('is 0 over a header that holds its checksum', () => {
    assert.equal(internetChecksum(VECTORS.echoRequest4.subarray(14, 34)), 0)
    assert.equal(internetChecksum(VECTORS.echoRequest4.subarray(34)), 0)
  })

  it('covers the pseudo headers', () => {
    const [source, destination] = [hex('c6120001'), hex('c6120002')]
    // c612 + 0001 + c612 + 0002, carried round, + 17 + 11
    assert.equal(pseudoSum4(source, destination, 17, 11), 0x8c44)
    const six = VECTORS.echoRequest6
    assert.equal(
      internetChecksum(six.subarray(54), pseudoSum6(six.subarray(22, 38), six.subarray(38, 54), 58, 17)),
      0,
    )
  })

  it('goes on from an earlier even part', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (first, second) => {
        const even = first.subarray(0, first.length & ~1)
        assert.equal(sum16(second, sum16(even)), sum16(Buffer.concat([even, second])))
      }),
    )
  })

  it('is 0 once it is written into what it covers', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 2 }), (octets) => {
        octets.fill(0, 0, 2)
        new DataView(octets.buffer, octets.byteOffset).setUint16(0, internetChecksum(octets))
        assert.equal(internetChecksum(octets), 0)
      }),
    )
  })
})
