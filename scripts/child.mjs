// Runs a program in the foreground as if it were this one: its terminal, its signals, its exit code.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { childEnv } from './command.mjs'

/** Runs node with these arguments; resolves to the exit code, as a shell would report it. */
export function foregroundNode(args, { cwd, env = {} } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd, env: childEnv(env), stdio: 'inherit' })
    // Ctrl-C reaches the child from the terminal; we only have to stay until it has ended.
    const ignore = () => {}
    const forward = (signal) => child.kill(signal)
    process.on('SIGINT', ignore).on('SIGTERM', forward).on('SIGHUP', forward)
    child.once('error', reject)
    child.once('close', (code, signal) => {
      process.off('SIGINT', ignore).off('SIGTERM', forward).off('SIGHUP', forward)
      resolve(code ?? 128 + constants.signals[signal])
    })
  })
}
