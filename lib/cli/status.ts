/** `ethercast status`: the file against what this host looks like. */

import type { Command } from 'commander'
import { wishStatuses } from '../host/plan.js'
import type { WishStatus } from '../host/plan.js'
import { addStateOptions, configOption, hostAccess, look } from './host_options.js'
import type { HostOptions } from './host_options.js'
import { paintOut } from './host_texts.js'
import { print, printEvent, tell } from './output.js'
import type { Colour } from './output.js'

const COLOURS: Record<WishStatus['state'], Colour> = {
  made: 'green',
  missing: 'red',
  different: 'yellow',
  leftover: 'cyan',
}
const WIDTH = Math.max(...Object.keys(COLOURS).map((state) => state.length))

const EXAMPLES = `
Examples:
  ethercast status                    each thing of the file, and how it is
  ethercast status -c lab.yaml --json for a program: wish…, done

made       as the file says; "(not by ethercast)": it was there before
missing    not there
different  there, but not as the file says
leftover   made by ethercast, and no longer in the file: up takes it back

Exit code: 0 all is made and nothing left over; 1 not so; 2 the file is wrong.`

export function register(program: Command): void {
  addStateOptions(
    program
      .command('status')
      .summary('compare the file with this host')
      .description('Compares what the file says with what this host looks like. Needs no root.')
      .addOption(configOption()),
  )
    .addHelpText('after', EXAMPLES)
    .action(async (options: HostOptions) => {
      process.exitCode = await status(options)
    })
}

async function status(options: HostOptions): Promise<number> {
  const host = hostAccess()
  const sight = await look(host, options, { asks: false })
  if (sight === undefined) return 2
  const { wishes, made, reality, notes, unknown } = sight
  const all = wishStatuses(host.resources, wishes, made, reality)
  const count = (state: WishStatus['state']) => all.filter((each) => each.state === state).length
  const sum = {
    made: count('made'),
    missing: count('missing'),
    different: count('different'),
    leftover: count('leftover'),
  }
  for (const note of notes) tell(`note: ${note}`)
  if (options.json) {
    for (const { wish, ...rest } of all) printEvent('wish', { ...rest, ...wish })
    printEvent('done', sum)
  } else {
    for (const { state, title, ours } of all) {
      const note = state === 'made' && !ours && unknown === undefined ? ' (not by ethercast)' : ''
      print(`${paintOut(COLOURS[state], state.padEnd(WIDTH))}  ${title}${note}`)
    }
    const parts = Object.entries(sum).filter(([, number]) => number > 0)
    print(parts.map(([state, number]) => `${number} ${state}`).join(', ') || 'The file wishes for nothing.')
  }
  return sum.made === all.length ? 0 : 1
}
