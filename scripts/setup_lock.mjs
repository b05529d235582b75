// One set-up at a time in a checkout: two `npm start` side by side would remove each other's node_modules.
import { accessSync, constants, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { SetupError } from './command.mjs'

const kWaitMs = 15 * 60_000 // longer than a first build on a slow machine
const kPollMs = 200

function owner(lock) {
  try {
    return Number(readFileSync(join(lock, 'owner'), 'utf8'))
  } catch {
    return undefined
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

// The folder is prepared aside and moved into place: a lock is never seen without its owner, and moving on
// to a lock that exists fails.
function tryLock(lock) {
  const prepared = `${lock}.${process.pid}`
  mkdirSync(prepared, { recursive: true })
  writeFileSync(join(prepared, 'owner'), String(process.pid))
  try {
    renameSync(prepared, lock)
    return true
  } catch (error) {
    rmSync(prepared, { recursive: true, force: true })
    if (error.code === 'ENOTEMPTY' || error.code === 'EEXIST') return false
    throw error
  }
}

function removeStale(lock, pid) {
  const aside = `${lock}.stale.${process.pid}`
  try {
    renameSync(lock, aside)
    // Someone may have replaced the stale lock between our look and our move: then give it back.
    if (owner(aside) !== pid) return renameSync(aside, lock)
  } catch {
    return // somebody else was faster
  }
  rmSync(aside, { recursive: true, force: true })
}

/** Runs `body` while holding the checkout's lock; waits for another holder, but not for ever. */
export async function withSetupLock(root, body, { waitMs = kWaitMs } = {}) {
  try {
    mkdirSync(join(root, 'out'), { recursive: true })
    accessSync(join(root, 'out'), constants.W_OK)
  } catch {
    return body() // a checkout that we can't write: either all is done, or the step says what it can't write
  }
  const lock = join(root, 'out', 'setup.lock')
  const deadline = Date.now() + waitMs
  let told = false
  while (!tryLock(lock)) {
    const pid = owner(lock)
    if (pid !== undefined && !isAlive(pid)) {
      removeStale(lock, pid)
      continue
    }
    if (Date.now() > deadline) {
      throw new SetupError(
        `another set-up (process ${pid}) still holds ${lock}; end it, or remove that folder`,
      )
    }
    if (!told) process.stderr.write(`ethercast: waiting for another set-up (process ${pid}) to end\n`)
    told = true
    await sleep(kPollMs)
  }
  const release = () => rmSync(lock, { recursive: true, force: true })
  process.once('exit', release)
  try {
    return await body()
  } finally {
    process.off('exit', release)
    release()
  }
}
