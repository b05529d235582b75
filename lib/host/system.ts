/** System: all that lib/host asks of the machine and does to it. One implementation for the real one; tests put their own in front. */

import type { Action } from './action.js'

export interface System {
  /**
   * What a program prints, for reading only. Rejects with what it complained about. `ip -j …` that has nothing to say prints nothing.
   *
   * @param input for its standard input
   */
  read(program: 'ip' | 'nft', args: readonly string[], input?: string): Promise<string>
  /** A value below /proc/sys; undefined: this kernel, or this namespace, has no such. */
  sysctl(name: string): string | undefined
  /** Group and permission bits; undefined: no such file. */
  access(path: string): { gid: number; mode: number; uid: number } | undefined
  /** The number of a user or group; undefined: nobody of that name. Numbers are taken as they are. */
  uid(account: string | number): number | undefined
  gid(account: string | number): number | undefined
  /** Changes the host. Rejects with an EthercastError whose message has the command and what it complained about. */
  perform(action: Action): Promise<void>
}
