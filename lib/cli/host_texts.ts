/** Steps of a host's set-up, for a person and for a program. */

import { commandText } from '../host/action.js'
import type { Failure } from '../host/apply.js'
import type { Step } from '../host/plan.js'
import { paint, print, printEvent, tell } from './output.js'
import type { Colour } from './output.js'

const MARKS: Record<Step['state'], { mark: string; colour: Colour }> = {
  make: { mark: '+', colour: 'green' },
  mend: { mark: '~', colour: 'yellow' },
  'take back': { mark: '-', colour: 'red' },
  nothing: { mark: '=', colour: 'dim' },
}

export const paintOut = (colour: Colour, text: string): string => paint(colour, text, process.stdout)

export function showStep({ state, title, actions }: Step): void {
  const { mark, colour } = MARKS[state]
  const gone = state === 'take back' && actions.length === 0 ? ' (it is gone already)' : ''
  print(paintOut(colour, `${mark} ${title}${gone}`))
}

/** With what a person would type for it. Only commands are indented: a shell finds the end of their input at the margin alone. */
export function showStepWithCommands(step: Step): void {
  showStep(step)
  for (const action of step.actions) {
    const [command, ...input] = commandText(action).split('\n')
    print(`    ${paintOut('dim', command!)}`)
    for (const line of input) print(paintOut('dim', line))
  }
}

export function printStep({ state, wish, title, actions }: Step): void {
  printEvent('step', { state, title, ...wish, commands: actions.map(commandText) })
}

export const reportStep = (json: boolean | undefined): ((step: Step) => void) => (json ? printStep : showStep)

export function reportFailure(json: boolean | undefined): (failure: Failure) => void {
  return (failure) => {
    if (json) printEvent('failure', failure)
    const { title, message } = failure
    tell(`${paint('red', 'ethercast:')} ${message.startsWith(title) ? message : `${title}: ${message}`}`)
  }
}

/** `2 to make, 1 to take back`; undefined: none. */
export function sumOf(steps: readonly Step[]): Record<'make' | 'mend' | 'takeBack' | 'nothing', number> {
  const count = (state: Step['state']) => steps.filter((step) => step.state === state).length
  return { make: count('make'), mend: count('mend'), takeBack: count('take back'), nothing: count('nothing') }
}

export function sumText(
  steps: readonly Step[],
  [make, mend, back]: readonly [string, string, string],
): string {
  const sum = sumOf(steps)
  return [
    ...(sum.make > 0 ? [`${sum.make} ${make}`] : []),
    ...(sum.mend > 0 ? [`${sum.mend} ${mend}`] : []),
    ...(sum.takeBack > 0 ? [`${sum.takeBack} ${back}`] : []),
  ].join(', ')
}
