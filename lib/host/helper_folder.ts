/**
 * A folder that programs with capabilities may stand in: whoever can write it, or one on its way, can put another file in a program's
 * place, while it is installed and after (as native/helper/policy_file.h wants of the policy's).
 */

import { lstatSync } from 'node:fs'
import { dirname } from 'node:path'

const OTHERS_WRITE = 0o022

export interface FolderObjection {
  what: string
  /** A command to paste. */
  remedy: string
}

interface FolderStatus {
  uid: number
  gid: number
  mode: number
}

/** Undefined: it and all on its way are root's alone to change. @param folder its real path, without links */
export function folderObjection(
  folder: string,
  status: (folder: string) => FolderStatus = lstatSync,
): FolderObjection | undefined {
  for (let each = folder; ; each = dirname(each)) {
    const { uid, gid, mode } = status(each)
    if (uid !== 0) {
      const what = `the folder ${each} is user ${uid}'s, not root's, who could put another program there`
      return { what, remedy: `sudo chown root ${each}` }
    }
    if ((mode & OTHERS_WRITE) !== 0) {
      const isGroups = (mode & 0o002) === 0
      const who = isGroups ? `group ${gid}` : 'others than root'
      const what = `the folder ${each} may be written by ${who}, who could put another program there`
      return { what, remedy: `sudo chmod ${isGroups ? 'g-w' : 'go-w'} ${each}` }
    }
    if (each === dirname(each)) return undefined
  }
}
