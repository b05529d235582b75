// Fixture scripts in a Node process of their own: for what a process does when it ends, throws or is killed.
import { fileURLToPath } from 'node:url'
import { type Result, Running, type StartOptions } from './running.js'

export const projectRoot = fileURLToPath(new URL('../..', import.meta.url))

/** A script file (.ts goes through tsx), or code for an ES module. */
export type Script = string | URL | { code: string }

export interface NodeOptions extends StartOptions {
  /** For node itself, such as `--expose-gc`. */
  nodeArgs?: readonly string[]
}

/** What to run node with. */
export function nodeArguments(
  script: Script,
  args: readonly string[],
  nodeArgs: readonly string[] = [],
): string[] {
  if (typeof script === 'object' && 'code' in script) {
    return [...nodeArgs, '--input-type=module', '--eval', script.code, '--', ...args]
  }
  const path = script instanceof URL ? fileURLToPath(script) : script
  const loader = /\.[cm]?ts$/.test(path) ? ['--import', 'tsx'] : []
  return [...nodeArgs, ...loader, path, ...args]
}

/** Starts a script; the caller ends it. It runs in the project's root, so `tsx` and packages are found. */
export function startNode(script: Script, args: readonly string[] = [], options: NodeOptions = {}): Running {
  return new Running(process.execPath, nodeArguments(script, args, options.nodeArgs), {
    cwd: projectRoot,
    ...options,
  })
}

/** Runs a script to its end: exit code or signal, and all output. Too long is an error, and the process is killed. */
export async function runNode(
  script: Script,
  args: readonly string[] = [],
  options: NodeOptions & { timeoutMs?: number } = {},
): Promise<Result> {
  return startNode(script, args, { input: '', ...options }).result(options.timeoutMs)
}
