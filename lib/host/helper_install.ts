/**
 * Installing the helper: a copy that is root's, with the file capability cap_net_admin and nothing else. Whatever had its name stays
 * beside it, and comes back with `uninstall`. There is no moment without a whole program of that name.
 */

import {
  chmodSync,
  closeSync,
  existsSync,
  fchmodSync,
  fchownSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { EthercastError } from '../spec/error.js'
import { folderObjection } from './helper_folder.js'
import { bringBack, disarm, KEPT_SUFFIX, putAside } from './helper_kept.js'
import { builtHelper, HELPER_NAME, isOurs, POLICY_FILE, setCapability } from './helper_program.js'

/**
 * UML looks along its PATH and then in /usr/lib/uml. This folder is on everybody's PATH, before /usr/bin where Debian's program is, and no
 * package manager touches it.
 */
export const DEFAULT_FOLDER = '/usr/local/bin'

const EXAMPLE = `# Who may have which devices and addresses, through uml_net. What no line allows is refused, and the guest's kernel
# log then has the line that would allow it. This file must be root's, and nobody else may write it.
#
#   allow user NAME|NUMBER|@GROUP,... device NAME|PREFIX*,... [guest ADDRESS[/BITS],...] [gate ADDRESS,...] [forward]
#
# user     who starts UML; @GROUP: all its members
# device   what the host's side of the guest's device may be called
# guest    addresses that a guest may have
# gate     addresses that this host may have on such a device: GATE in eth0=tuntap,,,GATE
# forward  this host may be made to forward packets (net.ipv4.ip_forward), which is a switch for all of it
#
#allow user alice device tap* guest 198.18.1.0/28 gate 198.18.1.254
#allow user @uml device vm1,vm2 guest 198.18.2.1,198.18.2.2 gate 198.18.2.254 forward
`

export interface InstallOptions {
  dir?: string
  /** Number of the group whose members alone may run it; left out: everybody may. */
  gid?: number
}

export interface Installed {
  path: string
  /** Where the program is now that had this name before. */
  kept?: string
  /** The mode that it had, if its bits for setuid or setgid were taken off now: `4754`. */
  keptMode?: string
  /** The policy was not there, and an example with nothing in force is now. */
  wrotePolicy: boolean
}

function needRoot(verb: string): void {
  if (process.geteuid!() === 0) return
  throw new EthercastError('ERR_ETHERCAST_STATE', `only root can do that: sudo ethercast helper ${verb}`)
}

/** The program's path in a folder, and where another one is kept. */
function places(dir: string): { path: string; kept: string } {
  const folder = resolve(dir)
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new EthercastError('ERR_ETHERCAST_FIELD', `there is no folder ${folder}: --dir takes one that is`, {
      field: 'dir',
      value: dir,
    })
  }
  const real = realpathSync(folder)
  const objection = folderObjection(real)
  if (objection !== undefined) {
    throw new EthercastError(
      'ERR_ETHERCAST_FIELD',
      `${objection.what}: ${objection.remedy}, or --dir with a folder that is root's alone, as are all above it`,
      { field: 'dir', value: dir },
    )
  }
  const path = join(real, HELPER_NAME)
  return { path, kept: path + KEPT_SUFFIX }
}

export function installHelper({ dir = DEFAULT_FOLDER, gid }: InstallOptions = {}): Installed {
  needRoot('install')
  const { path, kept } = places(dir)
  const isForeign = existsSync(path) && !isOurs(path)
  if (isForeign && existsSync(kept)) {
    throw new EthercastError(
      'ERR_ETHERCAST_STATE',
      `${path} is none of ours, and neither is ${kept}, which an earlier install put aside: remove the one that nobody needs`,
    )
  }
  const fresh = `${path}.${process.pid}`
  try {
    writeProgram(fresh, gid)
    if (isForeign) putAside(path, kept)
    renameSync(fresh, path)
  } finally {
    rmSync(fresh, { force: true })
  }
  const keptMode = disarm(kept)
  return {
    path,
    ...(existsSync(kept) && { kept }),
    ...(keptMode !== undefined && { keptMode }),
    wrotePolicy: writeExample(),
  }
}

/** All by one descriptor: what the name stands for in between is nobody's to choose. */
function writeProgram(fresh: string, gid: number | undefined): void {
  const program = readFileSync(builtHelper())
  const file = openSync(fresh, 'wx', 0o700)
  try {
    writeFileSync(file, program)
    // The capability comes last: a change of the owner takes it away.
    fchownSync(file, 0, gid ?? 0)
    fchmodSync(file, gid === undefined ? 0o755 : 0o750)
    setCapability(file)
  } finally {
    closeSync(file)
  }
}

function writeExample(): boolean {
  if (existsSync(POLICY_FILE)) return false
  // It is read with the rights of callers, whatever the umask is here.
  if (mkdirSync(dirname(POLICY_FILE), { recursive: true }) !== undefined)
    chmodSync(dirname(POLICY_FILE), 0o755)
  writeFileSync(POLICY_FILE, EXAMPLE, { flag: 'wx' })
  chmodSync(POLICY_FILE, 0o644)
  return true
}

/** Takes the program away; what had its name before is back. The policy stays: somebody wrote it. */
export function uninstallHelper(dir = DEFAULT_FOLDER): { path: string; restored: boolean } {
  needRoot('uninstall')
  const { path, kept } = places(dir)
  if (!existsSync(path) || !isOurs(path)) {
    throw new EthercastError(
      'ERR_ETHERCAST_STATE',
      `${path} is not there, or none of ours: nothing was removed`,
    )
  }
  const restored = existsSync(kept)
  if (restored) bringBack(kept, path)
  else rmSync(path)
  return { path, restored }
}
