/**
 * Going to the background once everything is open, as daemon(3) with `noclose` does: a session of its own, `/` as its folder, and stdin,
 * stdout and stderr as they were. Node can't fork, so the command is started again.
 */

import { spawn } from 'node:child_process'

/** Tells the one in the background that it is the one. */
const MARK = 'ETHERCAST_DETACHED'
const READY = 'ready'
const FAILED = 1

export function isDetached(): boolean {
  return process.env[MARK] === '1' && process.send !== undefined
}

/** Starts this command again in the background. @returns its exit code if it ends before it is ready, else 0 */
export function detach(): Promise<number> {
  const args = [...process.execArgv, ...process.argv.slice(1)]
  const child = spawn(process.execPath, args, {
    detached: true,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, [MARK]: '1' },
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? FAILED))
    child.once('message', (message) => {
      if (message !== READY) return
      child.removeAllListeners('exit')
      child.disconnect()
      child.unref()
      resolve(0)
    })
  })
}

/** Leaves the folder that may have to be unmounted, and lets who started this go. */
export function settleDown(): Promise<void> {
  process.chdir('/')
  return new Promise((resolve) => {
    process.send!(READY, () => {
      process.disconnect()
      resolve()
    })
  })
}
