import assert from 'node:assert/strict'
import { linkLocalOf } from '../../lib/net/address.js'
import { buildEther } from '../../lib/net/ether.js'
import { buildEcho } from '../../lib/net/icmp.js'
import { buildIcmpv6, parseIcmpv6 } from '../../lib/net/icmpv6.js'
import { buildIpv6Packet, parseIpv6Packet } from '../../lib/net/ipv6.js'
import { ALL_NODES, buildNdp, multicastMac } from '../../lib/net/ndp.js'
import type { NdpMessage } from '../../lib/net/ndp.js'
import { receive } from '../../lib/net/receive.js'
import type { Receiver } from '../../lib/net/receive.js'
import { formatIpv6, parseIpv6 } from '../../lib/spec/ip.js'
import { hex } from './frames.js'
import { IP6_1, IP6_2 } from './vectors.js'

const OUR_MAC = hex('fefd00000002')
const THEIR_MAC = hex('fefd00000001')
const US = parseIpv6(IP6_2)!
const THEM = parseIpv6(IP6_1)!

/** A host that writes down what it is told. */
class Recorder implements Receiver {
  readonly mac = OUR_MAC
  readonly log: string[] = []
  readonly answers: Uint8Array[] = []
  owned = [US, linkLocalOf(OUR_MAC).octets].map(formatIpv6)
  owns = (address: Uint8Array) => address.length === 16 && this.owned.includes(formatIpv6(address))
  answer = (frame: Uint8Array) => void this.answers.push(frame)
  learn = (address: Uint8Array) => void this.log.push(`learn ${formatIpv6(address)}`)
  heard = (address: Uint8Array, mac: Uint8Array) =>
    void this.log.push(`heard ${formatIpv6(address)} ${Buffer.from(mac).toString('hex')}`)
  wanted = (address: Uint8Array) => void this.log.push(`wanted ${formatIpv6(address)}`)
  echoReply = ({ seq }: { seq: number }) => void this.log.push(`reply ${seq}`)
}

interface Sent {
  type: number
  body: Uint8Array
  code?: number
  source?: Uint8Array
  destination?: Uint8Array
  destinationMac?: Uint8Array
  hopLimit?: number
}

function frame({
  type,
  body,
  code = 0,
  source = THEM,
  destination = US,
  destinationMac = OUR_MAC,
  hopLimit,
}: Sent) {
  const ends = { source, destination }
  const fields = { ...ends, nextHeader: 58, hopLimit: hopLimit ?? 255 }
  const header = { destination: destinationMac, source: THEIR_MAC, type: 0x86dd }
  return buildEther(header, buildIpv6Packet(fields, buildIcmpv6({ type, code, body }, ends)))
}

const echo = (seq: number) => buildEcho({ id: 1, seq, payload: new Uint8Array(3) })
const ndp = (message: NdpMessage): Pick<Sent, 'type' | 'body'> => buildNdp(message)

describe('net/receive6', () => {
  let host: Recorder

  beforeEach(() => (host = new Recorder()))

  it('answers an echo request to all nodes from its link-local address', () => {
    const toAll = { destination: ALL_NODES, destinationMac: multicastMac(ALL_NODES) }
    assert.equal(receive(host, frame({ type: 128, body: echo(4), ...toAll })), 'handled')
    const packet = parseIpv6Packet(host.answers[0]!.subarray(14))!
    assert.deepEqual(new Uint8Array(packet.source), linkLocalOf(OUR_MAC).octets)
    assert.equal(parseIcmpv6(packet.payload, packet)?.type, 129)
    host.owned = []
    assert.equal(receive(host, frame({ type: 128, body: echo(4), ...toAll })), 'notForUs')
  })

  it('passes echo replies on', () => {
    assert.equal(receive(host, frame({ type: 129, body: echo(9) })), 'handled')
    assert.deepEqual(host.log, ['reply 9'])
  })

  it('takes the sender of the frame where an advertisement or a solicitation names no MAC address', () => {
    const advertisement = {
      kind: 'advertisement',
      target: THEM,
      router: false,
      solicited: true,
      override: true,
    } as const
    assert.equal(receive(host, frame(ndp(advertisement))), 'handled')
    assert.equal(receive(host, frame(ndp({ kind: 'solicitation', target: US }))), 'handled')
    assert.deepEqual(host.log, [`heard ${IP6_1} fefd00000001`, `learn ${IP6_1}`])
    assert.equal(host.answers.length, 1)
  })

  it('ignores what no honest neighbour sends', () => {
    const group = hex('0180c2000000')
    const advertisement = { kind: 'advertisement', router: false, solicited: false, override: true } as const
    const bad: Sent[] = [
      { ...ndp({ ...advertisement, target: THEM, targetMac: group }) },
      { ...ndp({ ...advertisement, target: new Uint8Array(16) }) },
      { ...ndp({ kind: 'solicitation', target: US, sourceMac: group }) },
      { ...ndp({ kind: 'solicitation', target: US }), source: parseIpv6('ff02::5')! },
      { ...ndp({ kind: 'solicitation', target: US }), hopLimit: 254 },
      { ...ndp({ kind: 'solicitation', target: US }), source: US },
      { type: 128, body: echo(1), source: new Uint8Array(16) },
      { type: 128, body: echo(1), source: parseIpv6('ff02::5')! },
      { type: 128, body: echo(1), code: 3 },
    ]
    for (const sent of bad) assert.equal(receive(host, frame(sent)), 'malformed')
    assert.equal(receive(host, frame({ type: 133, body: new Uint8Array(4) })), 'unhandled')
    assert.equal(
      receive(host, frame({ type: 128, body: echo(1), destinationMac: hex('333300000001') })),
      'notForUs',
    )
    assert.equal(
      receive(host, frame({ type: 128, body: echo(1), destination: parseIpv6('ff02::5')! })),
      'notForUs',
    )
    assert.deepEqual([host.log, host.answers], [[], []])
  })

  it('ignores fragments, even of one piece', () => {
    const piece = hex('3a00000000000001 8000000000000000')
    const packet = buildIpv6Packet({ source: THEM, destination: US, nextHeader: 44 }, piece)
    const header = { destination: OUR_MAC, source: THEIR_MAC, type: 0x86dd }
    assert.equal(receive(host, buildEther(header, packet)), 'fragment')
  })
})
