// What the conformance suite for lines of IPv4 packets wants to know of a transport: how to make two ports with a line between them.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SpecObject } from '../../../lib/index.js'

export interface IpRow {
  name: string
  /** The end is a program, which is started again when the port opens: the two ends find each other by themselves. */
  specs(folder: string, mtu: number): [SpecObject, SpecObject]
}

/** A folder for the sockets and links of one pair; no underscore in its path, which would be a space in slirp's arguments. */
export function pairFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'ecline-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}
