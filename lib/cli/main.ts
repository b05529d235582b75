#!/usr/bin/env node
/** The command `ethercast`. Exit codes: 0 done, 1 failed at run time, 2 wrong usage or configuration. */

import { CommanderError } from 'commander'
import { EthercastError } from '../spec/error.js'
import { paint, tell } from './output.js'
import { loadProgram } from './program.js'

const RUN_TIME = 1
const USAGE = 2

async function main(argv: string[]): Promise<void> {
  const program = await loadProgram(argv[2])
  await program.parseAsync(argv)
}

/** What is wrong with what was typed, rather than with the world. */
function isUsage(error: unknown): boolean {
  return error instanceof EthercastError && error.code === 'ERR_ETHERCAST_FIELD'
}

main(process.argv).catch((error: unknown) => {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : USAGE
    return
  }
  const message = error instanceof Error ? error.message : String(error)
  tell(`${paint('red', 'ethercast:')} ${message}`)
  if (process.env.ETHERCAST_DEBUG && error instanceof Error) tell(error.stack ?? '')
  process.exitCode = isUsage(error) ? USAGE : RUN_TIME
})
