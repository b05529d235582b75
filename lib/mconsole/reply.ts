/** A whole reply, put together from its parts, however many an honest kernel or a hostile guest sends. */

import { decodeReplyPart, textOf } from './protocol.js'

/** A file below /proc is rarely longer; what is, is cut off with an error. */
export const MAX_REPLY_OCTETS = 16 * 1024 * 1024
/** Parts without text add nothing to the length, and must end too; an honest reply has a few of them. */
const MAX_EMPTY_PARTS = 64

export interface Reply {
  /** As in {@link ReplyPart}. */
  status: number
  text: string
}

/** What is wrong with a reply. */
export type ReplyFault = 'malformed' | 'too long'

export class ReplyAssembler {
  readonly #pieces: Uint8Array[] = []
  readonly #most: number
  #status = 0
  #octets = 0
  #empty = 0

  constructor(most = MAX_REPLY_OCTETS) {
    this.#most = most
  }

  /** Takes a datagram. @returns the reply when this was its end, a fault when there will be none, undefined while more is to come */
  add(octets: Uint8Array): Reply | ReplyFault | undefined {
    const part = decodeReplyPart(octets)
    if (part === undefined) return 'malformed'
    // Reading a file may fail in its middle.
    if (this.#status === 0) this.#status = part.status
    this.#pieces.push(part.data)
    this.#octets += part.data.length
    // A lone NUL is nothing, too.
    if (part.data.length <= 1 && ++this.#empty > MAX_EMPTY_PARTS) return 'too long'
    if (this.#octets > this.#most) return 'too long'
    return part.hasMore ? undefined : { status: this.#status, text: textOf(this.#pieces) }
  }
}
