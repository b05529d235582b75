// Network namespaces made by this process: named after its pid, so that a later run knows whose they were.
import { execFileSync } from 'node:child_process'
import { readdirSync, rmSync } from 'node:fs'
import { childEnv } from '../../scripts/command.mjs'
import { run } from './running.js'
import { eventually } from './wait.js'

const kNamespaces = '/run/netns'
// Short, for what must fit into the 108 octets of a UNIX socket's path: UML's management console lives below.
const kTemporary = '/tmp'

let count = 0

/** A name nobody else uses: ec<pid>-<n>-<name>. */
export function uniqueName(name: string): string {
  return `ec${process.pid}-${count++}-${name}`
}

export const labDirectoryPrefix = `${kTemporary}/eclab-${process.pid}-`

/** Runs `ip` and returns what it printed; throws what it complained about. */
export async function ip(...args: string[]): Promise<string> {
  const result = await run('ip', args)
  if (result.code !== 0) throw new Error(`ip ${args.join(' ')}: ${result.stderr.trim()}`)
  return result.stdout
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

export function namespaceExists(name: string): boolean {
  return list(kNamespaces).includes(name)
}

const ipSync = (...args: string[]) =>
  execFileSync('ip', args, { env: childEnv(), encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })

/** The processes in a namespace. */
export function processesIn(name: string): number[] {
  try {
    return ipSync('netns', 'pids', name).split('\n').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

function killAllIn(name: string): void {
  for (const pid of processesIn(name)) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // ended by itself meanwhile
    }
  }
}

/** Ends what runs in a namespace and removes it, without waiting: for 'exit'. */
export function removeNamespaceSync(name: string): void {
  if (!namespaceExists(name)) return
  killAllIn(name)
  try {
    ipSync('netns', 'del', name)
  } catch (error) {
    if (namespaceExists(name)) throw error // else another run's sweep was faster
  }
}

/** Ends what runs in a namespace, waits until it is gone, and removes the namespace. */
export async function removeNamespace(name: string): Promise<void> {
  if (!namespaceExists(name)) return
  await eventually(
    () => {
      killAllIn(name)
      return processesIn(name).length === 0
    },
    5000,
    `the end of all processes in ${name}`,
  )
  await ip('netns', 'del', name)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Removes what a run that was killed could not: namespaces and folders of our naming whose process is gone. */
export function sweepStale(): void {
  const isStale = (entry: string, pattern: RegExp) => {
    const pid = pattern.exec(entry)?.[1]
    return pid !== undefined && !isAlive(Number(pid))
  }
  for (const entry of list(kNamespaces)) {
    if (isStale(entry, /^ec(\d+)-\d+-/)) removeNamespaceSync(entry)
  }
  for (const entry of list(kTemporary)) {
    if (isStale(entry, /^eclab-(\d+)-/)) rmSync(`${kTemporary}/${entry}`, { recursive: true, force: true })
  }
}
