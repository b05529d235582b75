import type { Command } from 'commander'
import { examine, hostFacts } from '../doctor/index.js'
import type { Finding, Level } from '../doctor/index.js'
import { formatSpec, parseSpec } from '../spec/index.js'
import { paint, print, printEvent } from './output.js'
import type { Colour } from './output.js'
import { counted } from './port_text.js'
import { USUAL_COLUMNS, wrap } from './wrap.js'

const LOOKS: Record<Level, { mark: string; plain: string; colour: Colour }> = {
  ok: { mark: '✓', plain: 'ok     ', colour: 'green' },
  note: { mark: '·', plain: 'note   ', colour: 'cyan' },
  warning: { mark: '!', plain: 'warning', colour: 'yellow' },
  problem: { mark: '✗', plain: 'problem', colour: 'red' },
}

const EXAMPLES = `
Examples:
  ethercast doctor                    this host alone
  ethercast doctor mcast              UML's default group, where the route goes
  ethercast doctor bess,listen=/run/lan.sock
  ethercast doctor mcast,,239.1.2.3,1102,1,interface=eth1

It only reads, and binds a socket for a moment; nothing is sent or changed.
Exit code: 0 no problems (there may be warnings), 1 problems, 2 wrong usage.`

export function register(program: Command): void {
  program
    .command('doctor')
    .summary('what on this host would stop a port, and the remedy')
    .description(
      'Looks at what on this host would stop a port, or make it slow, and says the remedy for each.',
    )
    .argument('[spec]', 'the port that is meant, as for join; default: none')
    .option('--json', 'one JSON object a line: finding…, done')
    .addHelpText('after', EXAMPLES)
    .action((text: string | undefined, options: { json?: boolean }) => doctor(text, options))
}

function doctor(text: string | undefined, { json = false }: { json?: boolean }): void {
  const spec = text === undefined ? undefined : parseSpec(text)
  const findings = examine(hostFacts(), spec)
  const count = (level: Level) => findings.filter((finding) => finding.level === level).length
  const sum = { problems: count('problem'), warnings: count('warning'), notes: count('note') }
  if (json) {
    for (const finding of findings) printEvent('finding', finding)
    printEvent('done', sum)
  } else {
    for (const finding of findings) showFinding(finding)
    const { problems, warnings } = sum
    const where = spec === undefined ? 'this host' : formatSpec(spec)
    print('')
    if (problems + warnings === 0)
      print(paint('green', `Nothing stands in the way of ${where}.`, process.stdout))
    else print(`${where}: ${counted(problems, 'problem')}, ${counted(warnings, 'warning')}.`)
  }
  if (sum.problems > 0) process.exitCode = 1
}

/** Marks on a terminal that shows them, words elsewhere; there lines stay whole, for grep(1) and for pasting. */
export function showFinding({ level, what, why, remedy }: Finding): void {
  const { mark, plain, colour } = LOOKS[level]
  const { stdout } = process
  const fancy =
    stdout.isTTY && /utf-?8/i.test(process.env.LC_ALL || process.env.LC_CTYPE || process.env.LANG || '')
  const head = fancy ? mark : plain
  const indent = ' '.repeat(head.length + 1)
  const room = stdout.isTTY ? (stdout.columns || USUAL_COLUMNS) - indent.length : Infinity
  const [first, ...more] = wrap(what, room)
  print(`${paint(colour, head, stdout)} ${first}`)
  for (const line of more) print(`${indent}${line}`)
  if (why !== undefined) for (const line of wrap(why, room)) print(`${indent}${paint('dim', line, stdout)}`)
  const arrow = fancy ? '→' : '->'
  for (const line of remedy ?? [])
    remedyLines(line, room - arrow.length - 1).forEach((part, i) =>
      print(`${indent}${i === 0 ? arrow : ' '.repeat(arrow.length)} ${part}`),
    )
}

/** What stands behind a command says what it is for; where there is no room, it stands below. A command itself is never broken: it is to be pasted. */
function remedyLines(line: string, room: number): string[] {
  const [command, comment] = line.split(/ {4}(?=# )/) as [string, string?]
  if (line.length <= room || comment === undefined) return [line]
  return [command, comment]
}
