/** `ethercast plan`: what `up` would change, and what to type in the guests. Reads only. */

import type { Command } from 'commander'
import { guestTexts } from '../host/guest_text.js'
import { planSteps } from '../host/plan.js'
import { addStateOptions, configOption, hostAccess, look } from './host_options.js'
import type { HostOptions } from './host_options.js'
import { paintOut, printStep, showStepWithCommands, sumOf, sumText } from './host_texts.js'
import { print, printEvent, tell } from './output.js'
import { shellWord } from './opening.js'

const EXAMPLES = `
Examples:
  ethercast plan                      of ethercast.yaml here, or /etc/ethercast
  ethercast plan -c lab.yaml          another file
  ethercast plan -c lab.yaml --json   for a program: step…, guest…, done

It needs no root, and changes nothing. "+" is to be made, "~" to be mended,
"-" to be taken back; below each stand the commands that a person would type.
Then come the lines to type inside each guest.

Exit code: 0 also when there is something to do; 1 the host could not be read;
2 the file is wrong, or can't be made so on this host.`

export function register(program: Command): void {
  addStateOptions(
    program
      .command('plan')
      .summary('what up would change on this host')
      .description(
        'Shows what "ethercast up" would change on this host, with the equivalent ip and nft commands, ' +
          'and what to type inside each guest.',
      )
      .addOption(configOption()),
  )
    .addHelpText('after', EXAMPLES)
    .action(async (options: HostOptions) => {
      process.exitCode = await plan(options)
    })
}

async function plan(options: HostOptions): Promise<number> {
  const host = hostAccess()
  const sight = await look(host, options, { asks: true })
  if (sight === undefined) return 2
  const { loaded, wishes, made, reality, notes } = sight
  const steps = planSteps(host.resources, wishes, made, reality)
  const todo = steps.filter(({ state }) => state !== 'nothing')
  const guests = guestTexts(loaded.config, reality)
  for (const note of notes) tell(`note: ${note}`)
  if (options.json) {
    todo.forEach(printStep)
    for (const guest of guests) printEvent('guest', guest)
    printEvent('done', sumOf(steps))
    return 0
  }
  todo.forEach(showStepWithCommands)
  if (todo.length > 0) print('')
  if (todo.length === 0) print(`Nothing to change: ${wishes.length} of ${wishes.length} are as wished.`)
  else {
    const file = options.config === undefined ? '' : ` -c ${shellWord(options.config)}`
    print(`${sumText(todo, ['to make', 'to mend', 'to take back'])}. To do it: ethercast up${file}`)
  }
  for (const { name, lines } of guests) {
    print('')
    print(paintOut('bold', `In the guest ${name}:`))
    for (const line of lines) print(`    ${line}`)
  }
  return 0
}
