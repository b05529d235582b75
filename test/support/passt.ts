// passt, as a user without any privilege runs it.
import { chmodSync, chownSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Host } from './host.js'
import type { Running } from './running.js'

/** nobody, who may do nothing that everybody may not. */
const kNobody = 65534
const kUnprivileged = [
  '--reuid',
  String(kNobody),
  '--regid',
  String(kNobody),
  '--clear-groups',
  '--bounding-set=-all',
  '--no-new-privs',
]

/** Starts a command on a host as nobody. */
export const asNobody = (host: Host, command: string, args: readonly string[]): Running =>
  host.spawn('setpriv', [...kUnprivileged, command, ...args], { cwd: process.cwd() })

/** A folder that is nobody's, in that of the lab. */
export function folderOfNobody(dir: string): string {
  const folder = join(dir, 'nobody')
  mkdirSync(folder)
  chownSync(folder, kNobody, kNobody)
  chmodSync(dir, 0o711)
  return folder
}

/** Everybody may have ping sockets, which is how passt passes on echo requests; in a new namespace nobody may. */
export async function allowPings(host: Host): Promise<void> {
  const everybody = 'echo 0 2147483647 >/proc/sys/net/ipv4/ping_group_range'
  await host.exec('sh', ['-c', everybody], { check: true })
}

/** A passt that listens at a path. */
export async function startPasst(host: Host, path: string): Promise<Running> {
  const passt = asNobody(host, 'passt', ['-f', '-e', '-m', '1500', '-s', path])
  await passt.waitForLine(/UNIX domain socket bound/)
  return passt
}
