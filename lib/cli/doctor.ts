/** `ethercast doctor [SPEC]`: what on this host would stop it, and the remedy. */

import type { Command } from 'commander'
import { gatherFacts } from '../doctor/gather.js'
import { examine } from '../doctor/index.js'
import { parseSpec } from '../spec/index.js'
import { findingRows, tally, tallyRow } from './doctor_list.js'
import type { ListStyle } from './doctor_list.js'
import { paint, print, printEvent, tell } from './output.js'

/** Lines of prose are no longer than this, however wide the terminal is. */
const MOST_COLUMNS = 100

export function register(program: Command): void {
  program
    .command('doctor')
    .summary('what on this host would stop it, and the remedy')
    .description(
      'Looks for what on this host would stop ethercast, or make it slow, and says what to do about it. With a spec also for what ' +
        'that port needs: `ethercast doctor mcast`. It only looks: nothing is changed, and nothing sent.',
    )
    .argument('[spec]', "the port to check, as in 'mcast,,239.192.168.1,1102,1,interface=eth0'")
    .option('--json', 'one JSON object a line: a finding each, and done')
    .addHelpText('after', '\nExit code: 0, or 1 if there are problems. Warnings and notes are none.')
    .action(async (spec: string | undefined, { json }: { json?: boolean }) => {
      process.exitCode = await doctor(spec, json ?? false)
    })
}

async function doctor(text: string | undefined, json: boolean): Promise<number> {
  const spec = text === undefined ? undefined : parseSpec(text)
  const findings = examine(await gatherFacts(), spec)
  const counts = tally(findings)
  if (json) {
    for (const found of findings) printEvent('finding', found)
    const { ok, note, warning, problem } = counts
    printEvent('done', { ok, notes: note, warnings: warning, problems: problem })
  } else {
    const style = listStyle()
    for (const found of findings) findingRows(found, style).forEach((row) => print(row))
    print('')
    print(tallyRow(counts, style))
    if (spec === undefined) tell('Name a spec to have its needs checked too, as in: ethercast doctor mcast')
  }
  return counts.problem > 0 ? 1 : 0
}

function listStyle(): ListStyle {
  const { stdout, env } = process
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || ''
  return {
    columns: Math.min(stdout.columns ?? 80, MOST_COLUMNS),
    unicode: Boolean(stdout.isTTY) && /utf-?8/i.test(locale),
    paint: (colour, text) => paint(colour, text, stdout),
  }
}
