/**
 * The octets of UML's management console: requests, replies and notices, all in the host's own order of octets. Pure; replies and notices
 * are taken for hostile. Source: arch/um/drivers/mconsole.h and mconsole_kern.c of Linux.
 */

import { endianness } from 'node:os'

const MAGIC = 0xcafebabe
const VERSION = 2
/** Magic, version, length. */
const REQUEST_HEADER_OCTETS = 12
/** Error, more, length. */
const REPLY_HEADER_OCTETS = 12
/** Magic, version, type, length. */
const NOTICE_HEADER_OCTETS = 16
/** MCONSOLE_MAX_DATA. */
const DATA_OCTETS = 512
/** The kernel wants room for a NUL behind the command. */
export const MAX_COMMAND_OCTETS = DATA_OCTETS - 1
/** No message of UML's is longer; room for one octet more tells which are. */
export const MAX_MESSAGE_OCTETS = NOTICE_HEADER_OCTETS + DATA_OCTETS

const isLittle = endianness() === 'LE'

const viewOf = (octets: Uint8Array) => new DataView(octets.buffer, octets.byteOffset, octets.byteLength)

/** A request; `version` is for those who ask what happens with another. */
export function encodeRequest(command: string, version = VERSION): Uint8Array {
  const data = Buffer.from(command)
  const octets = new Uint8Array(REQUEST_HEADER_OCTETS + data.length)
  const view = viewOf(octets)
  view.setUint32(0, MAGIC, isLittle)
  view.setUint32(4, version, isLittle)
  view.setUint32(8, data.length, isLittle)
  octets.set(data, REQUEST_HEADER_OCTETS)
  return octets
}

/** One datagram of a reply. */
export interface ReplyPart {
  /** 0: done; 1: an error without a number; below 0: an errno. */
  status: number
  /** Another part follows. */
  hasMore: boolean
  data: Uint8Array
}

/** @returns undefined for what is no part of a reply */
export function decodeReplyPart(octets: Uint8Array): ReplyPart | undefined {
  if (octets.length < REPLY_HEADER_OCTETS) return undefined
  const view = viewOf(octets)
  const more = view.getUint32(4, isLittle)
  const length = view.getUint32(8, isLittle)
  if (more > 1 || length > DATA_OCTETS || length > octets.length - REPLY_HEADER_OCTETS) return undefined
  const data = octets.slice(REPLY_HEADER_OCTETS, REPLY_HEADER_OCTETS + length)
  return { status: view.getInt32(0, isLittle), hasMore: more === 1, data }
}

/** What a notice is about: the console's socket is there, the kernel panicked, it hangs, somebody in the guest wrote to /proc/mconsole. */
export type NoticeType = 'socket' | 'panic' | 'hang' | 'user'
const NOTICE_TYPES: readonly NoticeType[] = ['socket', 'panic', 'hang', 'user']

export interface Notice {
  type: NoticeType
  /** For `socket` the path of the console's socket; without the NUL that ends it. */
  text: string
}

/** Why a datagram is no notice. */
export type NoticeFault = 'length' | 'magic' | 'version' | 'type'

export function decodeNotice(octets: Uint8Array): Notice | NoticeFault {
  if (octets.length < NOTICE_HEADER_OCTETS || octets.length > MAX_MESSAGE_OCTETS) return 'length'
  const view = viewOf(octets)
  if (view.getUint32(0, isLittle) !== MAGIC) return 'magic'
  if (view.getUint32(4, isLittle) !== VERSION) return 'version'
  const type = NOTICE_TYPES[view.getInt32(8, isLittle)]
  if (type === undefined) return 'type'
  const length = view.getUint32(12, isLittle)
  if (length > octets.length - NOTICE_HEADER_OCTETS) return 'length'
  return { type, text: textOf([octets.subarray(NOTICE_HEADER_OCTETS, NOTICE_HEADER_OCTETS + length)]) }
}

/** Text of pieces that each may end in NULs, which the kernel counts; letters may lie across two pieces. */
export function textOf(pieces: readonly Uint8Array[]): string {
  return Buffer.concat(pieces.map(withoutNuls)).toString('utf8')
}

function withoutNuls(octets: Uint8Array): Uint8Array {
  let end = octets.length
  while (end > 0 && octets[end - 1] === 0) end--
  return octets.subarray(0, end)
}
