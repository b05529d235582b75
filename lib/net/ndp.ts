/**
 * Neighbour Discovery (RFC 4861): solicitations and advertisements, with the checks of sections 7.1.1 and 7.1.2.
 */

import type { IcmpMessage } from './icmp.js'
import { Icmpv6Type } from './icmpv6.js'
import type { Ipv6Packet } from './ipv6.js'
import { concat } from './octets.js'

/** The hop limit of every NDP packet: what came through a router has less, and is ignored. */
export const NDP_HOP_LIMIT = 255

const OptionType = { sourceLinkLayer: 1, targetLinkLayer: 2 } as const
const TARGET_OFFSET = 4
const OPTIONS_OFFSET = 20

const ROUTER_FLAG = 0x80
const SOLICITED_FLAG = 0x40
const OVERRIDE_FLAG = 0x20

/** A neighbour solicitation: who has `target`? What a parser returns are views. */
export interface NeighbourSolicitation {
  kind: 'solicitation'
  target: Uint8Array
  /** The source link-layer address option. */
  sourceMac?: Uint8Array
}

/** A neighbour advertisement: `target` is mine. What a parser returns are views. */
export interface NeighbourAdvertisement {
  kind: 'advertisement'
  target: Uint8Array
  router: boolean
  solicited: boolean
  override: boolean
  /** The target link-layer address option. */
  targetMac?: Uint8Array
}

export type NdpMessage = NeighbourSolicitation | NeighbourAdvertisement

/**
 * Reads a solicitation or an advertisement.
 *
 * @param packet the packet that carried the message: its hop limit and addresses are checked too
 * @returns undefined for any other type and whatever section 7.1 has silently discarded
 */
export function parseNdp(message: IcmpMessage, packet: Ipv6Packet): NdpMessage | undefined {
  const { type, code, body } = message
  if (type !== Icmpv6Type.neighbourSolicitation && type !== Icmpv6Type.neighbourAdvertisement)
    return undefined
  if (packet.hopLimit !== NDP_HOP_LIMIT || code !== 0 || body.length < OPTIONS_OFFSET) return undefined
  const target = body.subarray(TARGET_OFFSET, OPTIONS_OFFSET)
  if (target[0] === 0xff) return undefined
  const options = readOptions(body.subarray(OPTIONS_OFFSET))
  if (options === undefined) return undefined
  if (type === Icmpv6Type.neighbourSolicitation) {
    const sourceMac = options.get(OptionType.sourceLinkLayer)
    const unspecified = packet.source.every((octet) => octet === 0)
    if (unspecified && (sourceMac !== undefined || !isSolicitedNode(packet.destination))) return undefined
    return sourceMac === undefined
      ? { kind: 'solicitation', target }
      : { kind: 'solicitation', target, sourceMac }
  }
  const flags = body[0]!
  const solicited = (flags & SOLICITED_FLAG) !== 0
  if (solicited && packet.destination[0] === 0xff) return undefined
  const advertisement: NeighbourAdvertisement = {
    kind: 'advertisement',
    target,
    router: (flags & ROUTER_FLAG) !== 0,
    solicited,
    override: (flags & OVERRIDE_FLAG) !== 0,
  }
  const targetMac = options.get(OptionType.targetLinkLayer)
  if (targetMac !== undefined) advertisement.targetMac = targetMac
  return advertisement
}

/** The first option of each type that holds a MAC address; undefined when a length is zero or runs over the end. */
function readOptions(octets: Uint8Array): Map<number, Uint8Array> | undefined {
  const options = new Map<number, Uint8Array>()
  for (let offset = 0; offset < octets.length;) {
    const length = (octets[offset + 1] ?? 0) * 8
    if (length === 0 || offset + length > octets.length) return undefined
    const type = octets[offset]!
    if (length === 8 && !options.has(type)) options.set(type, octets.subarray(offset + 2, offset + 8))
    offset += length
  }
  return options
}

/** The ICMPv6 message, still to be given its checksum by `buildIcmpv6`. It must be sent with {@link NDP_HOP_LIMIT}. */
export function buildNdp(message: NdpMessage): IcmpMessage {
  const flags = new Uint8Array(TARGET_OFFSET)
  if (message.kind === 'solicitation') {
    return {
      type: Icmpv6Type.neighbourSolicitation,
      code: 0,
      body: concat(flags, message.target, macOption(OptionType.sourceLinkLayer, message.sourceMac)),
    }
  }
  flags[0] =
    (message.router ? ROUTER_FLAG : 0) |
    (message.solicited ? SOLICITED_FLAG : 0) |
    (message.override ? OVERRIDE_FLAG : 0)
  return {
    type: Icmpv6Type.neighbourAdvertisement,
    code: 0,
    body: concat(flags, message.target, macOption(OptionType.targetLinkLayer, message.targetMac)),
  }
}

function macOption(type: number, mac: Uint8Array | undefined): Uint8Array {
  return mac === undefined ? new Uint8Array(0) : concat(Uint8Array.of(type, 1), mac)
}

const SOLICITED_NODE_PREFIX = Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff)

/** ff02::1:ffXX:XXXX of an address: the group every node with such an address listens to (RFC 4291 section 2.7.1). */
export function solicitedNode(address: Uint8Array): Uint8Array {
  return concat(SOLICITED_NODE_PREFIX, address.subarray(13))
}

function isSolicitedNode(address: Uint8Array): boolean {
  return SOLICITED_NODE_PREFIX.every((octet, index) => address[index] === octet)
}

/** 33:33 and the last four octets: the MAC address of an IPv6 group (RFC 2464 section 7). */
export function multicastMac(group: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(0x33, 0x33), group.subarray(12))
}

/** ff02::1, every node of the link. Shared: not to be written to. */
export const ALL_NODES: Uint8Array = Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)
