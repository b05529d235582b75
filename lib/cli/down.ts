/** `ethercast down`: takes back all that `up` has made, by the journal alone. */

import type { Command } from 'commander'
import { down as takeDown } from '../host/apply.js'
import type { ApplyOptions, HostAccess } from '../host/apply.js'
import { Journal, readJournal } from '../host/journal.js'
import { addStateOptions, hostAccess } from './host_options.js'
import type { HostOptions } from './host_options.js'
import { reportFailure, reportStep } from './host_texts.js'
import { Lifetime } from './lifetime.js'
import { print, printEvent, tell } from './output.js'

const EXAMPLES = `
Examples:
  ethercast down                      all in the journal of /run/ethercast
  ethercast down --state /var/tmp/lab another journal

It goes by the journal, and needs no file. What can't be taken back is told
and stays in the journal, the rest is taken back all the same: see to it, and
call it again. What somebody else has made is not touched.

Exit code: 0 all is as it was before up; 1 something is left; 2 wrong usage.`

export function register(program: Command): void {
  addStateOptions(
    program
      .command('down')
      .summary('take back all that up has made')
      .description(
        'Takes back all that "ethercast up" has made on this host, also when that was killed midway.',
      ),
  )
    .addHelpText('after', EXAMPLES)
    .action(async (options: HostOptions) => {
      using life = new Lifetime()
      process.exitCode = await down(hostAccess(), options, life.signal)
    })
}

/** @returns the exit code */
export async function down(host: HostAccess, options: HostOptions, signal?: AbortSignal): Promise<number> {
  const { json, state } = options
  // Without a journal nothing is made just for finding that out.
  const { made, isEarlier } = readJournal(state)
  if (isEarlier) tell(`note: the journal in ${state} is of an earlier boot: what it tells of is gone`)
  const result = await withJournal(state, host, {
    signal,
    onStep: reportStep(json),
    onFailure: reportFailure(json),
  })
  const { steps, left } = result
  if (json) printEvent('done', { takenBack: steps.length, left: left.length })
  else if (left.length > 0)
    tell(`${left.length} could not be taken back, and stay in the journal for another ethercast down.`)
  else if (made.size === 0) print('Nothing is up.')
  else print('All is as it was.')
  return left.length > 0 ? 1 : 0
}

async function withJournal(
  state: string,
  host: HostAccess,
  options: Parameters<typeof takeDown>[2] & ApplyOptions,
): ReturnType<typeof takeDown> {
  using journal = await Journal.open(state)
  return await takeDown(host, journal, options)
}
