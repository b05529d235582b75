// A host with an IPv4 address on a NIC, and no more than that: it answers ARP, keeps the packets it gets, and sends such as a test makes.
import { type HostPort, parseMac } from '../../lib/index.js'
import { eventually } from './wait.js'

const kHeader = 14
const kIpv4 = 0x0800
const kArp = 0x0806

const octetsOf = (address: string) => Uint8Array.from(address.split('.'), Number)

/** The Internet checksum (RFC 1071) of an even number of octets. */
function checksum(octets: Uint8Array): number {
  let sum = 0
  for (let i = 0; i < octets.length; i += 2) sum += (octets[i]! << 8) | octets[i + 1]!
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}

/** An IPv4 packet of `length` octets; from 24 on it carries its sequence number. Every other octet needs an escape in SLIP. */
export function makePacket(from: string, to: string, length: number, sequence = 0): Uint8Array {
  const packet = new Uint8Array(length)
  const view = new DataView(packet.buffer)
  packet[0] = 0x45
  view.setUint16(2, length)
  packet[8] = 9
  packet[9] = 253 // for experiments (RFC 3692)
  packet.set(octetsOf(from), 12)
  packet.set(octetsOf(to), 16)
  view.setUint16(10, checksum(packet.subarray(0, 20)))
  for (let i = 20; i < length; i++) packet[i] = i % 2 ? (i % 4 === 1 ? 0xc0 : 0xdb) : (sequence + i) & 0xff
  if (length >= 24) view.setUint32(20, sequence)
  return packet
}

export function packetSequence(packet: Uint8Array): number {
  return new DataView(packet.buffer, packet.byteOffset).getUint32(20)
}

export function ipFrame(to: string, from: string, packet: Uint8Array, type = kIpv4): Uint8Array {
  const frame = new Uint8Array(kHeader + packet.length)
  frame.set(parseMac(to), 0)
  frame.set(parseMac(from), 6)
  new DataView(frame.buffer).setUint16(12, type)
  frame.set(packet, kHeader)
  return frame
}

export class IpStation {
  /** Packets that came for it, in order, with the header's padding left on. */
  readonly packets: Uint8Array[] = []
  /** Who answered ARP, by address. */
  readonly heard = new Map<string, string>()
  readonly #done: Promise<void>

  constructor(
    readonly nic: HostPort,
    readonly address: string,
  ) {
    this.#done = this.#run()
  }

  /** Ends with its NIC. */
  get closed(): Promise<void> {
    return this.#done
  }

  send(to: string, packets: readonly Uint8Array[]): number {
    return this.nic.send(packets.map((packet) => ipFrame(to, this.nic.mac, packet)))
  }

  /** The MAC that answers for an address. */
  async resolve(address: string, timeoutMs = 5000): Promise<string> {
    const ask = () =>
      void this.nic.send(this.#arp(1, 'ff:ff:ff:ff:ff:ff', new Uint8Array(6), octetsOf(address)))
    ask()
    const again = setInterval(ask, 500)
    try {
      return await eventually(() => this.heard.get(address), timeoutMs, `an answer for ${address}`)
    } finally {
      clearInterval(again)
    }
  }

  async take(count: number, timeoutMs = 10_000): Promise<Uint8Array[]> {
    await eventually(() => this.packets.length >= count, timeoutMs, `${count} packets at ${this.address}`)
    return this.packets.splice(0)
  }

  #arp(operation: number, to: string, targetMac: Uint8Array, target: Uint8Array): Uint8Array {
    const body = new Uint8Array(28)
    body.set([0, 1, 8, 0, 6, 4, 0, operation])
    body.set(parseMac(this.nic.mac), 8)
    body.set(octetsOf(this.address), 14)
    body.set(targetMac, 18)
    body.set(target, 24)
    return ipFrame(to, this.nic.mac, body, kArp)
  }

  async #run(): Promise<void> {
    for await (const batch of this.nic.frames()) for (const frame of batch) this.#hear(frame)
  }

  #hear(frame: Uint8Array): void {
    const type = (frame[12]! << 8) | frame[13]!
    if (type === kIpv4) this.packets.push(frame.slice(kHeader))
    if (type !== kArp) return
    const body = frame.subarray(kHeader)
    const mac = [...body.subarray(8, 14)].map((octet) => octet.toString(16).padStart(2, '0')).join(':')
    if (body[7] === 2) this.heard.set(body.subarray(14, 18).join('.'), mac)
    else if (body.subarray(24, 28).join('.') === this.address)
      this.nic.send(this.#arp(2, mac, body.slice(8, 14), body.slice(14, 18)))
  }
}
