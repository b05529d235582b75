// Runs the commands of the set-up: quiet while they work, everything shown when they fail.
// Node built-ins only, like all of scripts/: this runs before anything is installed.
import { spawn } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'

// What a failing compiler says can be megabytes; the end of it is what helps.
const kShownOctets = 64 * 1024

/** A set-up problem that the user can act on: its message is printed as it is, without a stack. */
export class SetupError extends Error {}

/** PATH with the places of system programs: a user's PATH often lacks /usr/sbin, where `ip` lives. */
export function searchPath(path = process.env.PATH ?? '') {
  const folders = path.split(delimiter).filter((folder) => folder !== '')
  for (const folder of ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/bin', '/bin']) {
    if (!folders.includes(folder)) folders.push(folder)
  }
  return folders.join(delimiter)
}

/** The environment for children: ours, with a PATH that finds system programs. */
export function childEnv(extra = {}) {
  return { ...process.env, PATH: searchPath(), ...extra }
}

/** Where a program is, or undefined. */
export function findProgram(name) {
  const candidates = name.includes('/')
    ? [name]
    : searchPath()
        .split(delimiter)
        .map((dir) => join(dir, name))
  return candidates.find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return statSync(path).isFile()
    } catch {
      return false
    }
  })
}

export function isRoot() {
  return process.getuid?.() === 0
}

/** A command as one would type it, quoted where a shell needs it. */
export function commandLine(command, args) {
  const quote = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)
  return [command, ...args].map(quote).join(' ')
}

/**
 * Runs a command and returns its output (stdout and stderr as they came). When it fails, the SetupError
 * has the exact command and what it printed.
 */
export function run(command, args, { cwd = process.cwd(), env = {}, input, onLine, shownAs } = {}) {
  const typed = shownAs ?? commandLine(command, args)
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: childEnv(env),
      stdio: [input ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    })
    let output = ''
    let line = ''
    const collect = (text) => {
      output = (output + text).slice(-kShownOctets)
      if (!onLine) return
      const lines = (line + text).split('\n')
      line = lines.pop()
      lines.forEach(onLine)
    }
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', collect)
    child.stdin?.on('error', () => {}) // a command that fails early does not read its input
    child.stdin?.end(input)
    child.once('error', (error) => reject(new SetupError(`could not run ${typed}: ${error.message}`)))
    child.once('close', (code, signal) => {
      if (code === 0) return resolve(output)
      const how = signal ? `was ended by ${signal}` : `failed with exit code ${code}`
      reject(new SetupError(`this command ${how} (in ${cwd}):\n\n    ${typed}\n\n${output.trimEnd()}`))
    })
  })
}

/**
 * Prints one line on stderr for one action: what is done, then how long it took. `action` gets a function
 * that shows progress in that line; off a terminal progress is not shown, so that logs stay one line a step.
 */
export async function step(title, action) {
  const { stderr } = process
  const started = performance.now()
  const head = `ethercast: ${title}…`
  const clear = stderr.isTTY ? '\r\x1b[K' : ''
  const progress = (text) => stderr.isTTY && stderr.write(`${clear}${head} ${text}`)
  const end = (text) => stderr.write(stderr.isTTY ? `${clear}${head} ${text}\n` : ` ${text}\n`)
  stderr.write(head)
  try {
    const result = await action(progress)
    end(`${((performance.now() - started) / 1000).toFixed(1)} s`)
    return result
  } catch (error) {
    end('failed')
    throw error
  }
}

/** Runs a script's main function: a SetupError is printed plainly, and its end is exit code 1. */
export async function main(body) {
  try {
    process.exitCode = (await body()) ?? process.exitCode
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    process.stderr.write(`ethercast: ${error.message}\n`)
    process.exitCode = 1
  }
}
