/**
 * pcapng capture files (IETF draft-ietf-opsawg-pcapng), the writing half: one section, its interfaces, packets with nanosecond
 * times, and counters at the end. Little-endian throughout. No file is touched here.
 */

const BlockType = { section: 0x0a0d0d0a, interface: 1, statistics: 5, packet: 6 } as const
const BYTE_ORDER_MAGIC = 0x1a2b3c4d
const LINKTYPE_ETHERNET = 1

/** Option codes; their meaning depends on the block. */
const Option = {
  userApplication: 4,
  interfaceName: 2,
  interfaceDescription: 3,
  timeResolution: 9,
  packetDropCount: 4,
  startTime: 2,
  endTime: 3,
  received: 4,
  dropped: 5,
  osDropped: 7,
  delivered: 8,
} as const

/** if_tsresol: times are counted in 10^-9 s. */
const NANOSECONDS = 9

/** One interface of a capture. */
export interface PcapngInterface {
  /** Shown by readers, such as a port's spec. */
  name: string
  description?: string
}

/** Counters of one interface, for its statistics block. Those left out are unknown, which is not zero. */
export interface PcapngStatistics {
  /** Nanoseconds since 1970-01-01 UTC. */
  startNs?: bigint
  endNs?: bigint
  /** Frames that came to the interface (isb_ifrecv). */
  received?: number | bigint
  /** Frames lost in the interface for want of room (isb_ifdrop). */
  dropped?: number | bigint
  /** Frames lost in the operating system (isb_osdrop). */
  osDropped?: number | bigint
  /** Frames that went into the file (isb_usrdeliv). */
  delivered?: number | bigint
}

interface EncodedOption {
  code: number
  value: Uint8Array
}

function textOption(code: number, text: string): EncodedOption {
  return { code, value: new TextEncoder().encode(text) }
}

function padded(length: number): number {
  return (length + 3) & ~3
}

/** Octets that options take, with their end marker; none take none. */
function optionsLength(options: readonly EncodedOption[]): number {
  return options.length === 0 ? 0 : options.reduce((sum, { value }) => sum + 4 + padded(value.length), 4)
}

/** A block with `bodyLength` octets of body, written by `fill`, then options. @param fill is given the body's offset, 8 */
function block(
  type: number,
  bodyLength: number,
  fill: (view: DataView, octets: Uint8Array) => void,
  options: readonly EncodedOption[] = [],
): Uint8Array {
  const length = 12 + padded(bodyLength) + optionsLength(options)
  const octets = new Uint8Array(length)
  const view = new DataView(octets.buffer)
  view.setUint32(0, type, true)
  view.setUint32(4, length, true)
  fill(view, octets)
  let offset = 8 + padded(bodyLength)
  for (const { code, value } of options) {
    view.setUint16(offset, code, true)
    view.setUint16(offset + 2, value.length, true)
    octets.set(value, offset + 4)
    offset += 4 + padded(value.length)
  }
  view.setUint32(length - 4, length, true)
  return octets
}

/** A time as the format has it: the high 32 bits, then the low ones. */
function putTime(view: DataView, offset: number, ns: bigint): void {
  view.setUint32(offset, Number((ns >> 32n) & 0xffffffffn), true)
  view.setUint32(offset + 4, Number(ns & 0xffffffffn), true)
}

/** The section header block, of a section of unknown length. @param application shown by readers */
export function encodeSectionHeader(application: string): Uint8Array {
  const fill = (view: DataView) => {
    view.setUint32(8, BYTE_ORDER_MAGIC, true)
    view.setUint16(12, 1, true)
    view.setUint16(14, 0, true)
    view.setBigInt64(16, -1n, true)
  }
  return block(BlockType.section, 16, fill, [textOption(Option.userApplication, application)])
}

/** An interface description block: Ethernet, frames not cut, nanoseconds. */
export function encodeInterface({ name, description }: PcapngInterface): Uint8Array {
  const options = [textOption(Option.interfaceName, name)]
  if (description !== undefined) options.push(textOption(Option.interfaceDescription, description))
  options.push({ code: Option.timeResolution, value: Uint8Array.of(NANOSECONDS) })
  return block(BlockType.interface, 8, (view) => view.setUint16(8, LINKTYPE_ETHERNET, true), options)
}

/** What is to be said about one captured frame. */
export interface PcapngPacket {
  /** Nanoseconds since 1970-01-01 UTC. */
  timeNs: bigint
  /** Which interface, counted from 0 in the order they were written. Default 0. */
  interfaceId?: number
  /** Octets of the frame on the wire, when more than are given. */
  originalLength?: number
  /** Frames lost between this one and the one before on this interface (epb_dropcount). */
  droppedBefore?: number | bigint
}

/** An enhanced packet block. The frame is copied. */
export function encodePacket(frame: Uint8Array, packet: PcapngPacket): Uint8Array {
  const fill = (view: DataView, octets: Uint8Array) => {
    view.setUint32(8, packet.interfaceId ?? 0, true)
    putTime(view, 12, packet.timeNs)
    view.setUint32(20, frame.length, true)
    view.setUint32(24, packet.originalLength ?? frame.length, true)
    octets.set(frame, 28)
  }
  const options =
    packet.droppedBefore === undefined ? [] : [countOption(Option.packetDropCount, packet.droppedBefore)]
  return block(BlockType.packet, 20 + frame.length, fill, options)
}

/** An interface statistics block. @param timeNs when the counters were read */
export function encodeStatistics(
  interfaceId: number,
  timeNs: bigint,
  statistics: PcapngStatistics,
): Uint8Array {
  const { startNs, endNs } = statistics
  const options: EncodedOption[] = []
  if (startNs !== undefined) options.push(timeOption(Option.startTime, startNs))
  if (endNs !== undefined) options.push(timeOption(Option.endTime, endNs))
  for (const key of ['received', 'dropped', 'osDropped', 'delivered'] as const) {
    const count = statistics[key]
    if (count !== undefined) options.push(countOption(Option[key], count))
  }
  const fill = (view: DataView) => {
    view.setUint32(8, interfaceId, true)
    putTime(view, 12, timeNs)
  }
  return block(BlockType.statistics, 12, fill, options)
}

function countOption(code: number, count: number | bigint): EncodedOption {
  const value = new Uint8Array(8)
  new DataView(value.buffer).setBigUint64(0, BigInt(count), true)
  return { code, value }
}

function timeOption(code: number, ns: bigint): EncodedOption {
  const value = new Uint8Array(8)
  putTime(new DataView(value.buffer), 0, ns)
  return { code, value }
}
