import { constants } from 'node:os'
import { EthercastError } from '../spec/error.js'

/** What a guest's kernel answered instead of doing what it was told. */
export class MconsoleError extends EthercastError {
  /** The whole command. */
  readonly command: string
  /** As the kernel gave it: an errno below 0, else 1. */
  readonly status: number
  /** The kernel's own words; empty where it has none. */
  readonly text: string

  constructor(command: string, status: number, text: string, why?: string) {
    const name = errnoName(status)
    const said = text.trim() || (name === undefined ? 'the guest refused, and did not say why' : name)
    super(name ?? 'ERR_ETHERCAST_MCONSOLE', `${command}: ${why ?? said}`, {
      ...(name !== undefined && { errno: name }),
    })
    this.name = 'MconsoleError'
    this.command = command
    this.status = status
    this.text = text
  }
}

/** Names that are errnos of this system, and no inventions of libuv's. */
function errnoName(status: number): string | undefined {
  return Object.entries(constants.errno).find(([, number]) => number === -status)?.[0]
}
