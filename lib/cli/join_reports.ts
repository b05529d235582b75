/** What `join` says while it runs: for a person at a terminal, for a log, or for a program. */

import type { Port, PortEvent } from '../port.js'
import { portFields, statsFields, totalsFields } from './json_stats.js'
import type { Ending } from './lifetime.js'
import { LiveRows, isLive } from './live_rows.js'
import { paint, print, printEvent, tell } from './output.js'
import { eventText, factTexts, shortName, timeOfDay, wrap } from './port_text.js'
import type { SwitchView } from './rates.js'
import { ratesTable } from './rates_table.js'
import { totalsTable } from './totals_table.js'

export interface JoinReport extends Disposable {
  /** Wants to be told of every second. Else nobody looks, and an idle switch costs nothing at all. */
  readonly countsSeconds: boolean
  /** Something that a person should know about a port. */
  notice(port: Port, message: string): void
  /** A port's state has changed. */
  port(event: PortEvent): void
  /** Every port is up. */
  ready(ports: readonly Port[]): void
  /** Another second has gone by. @param stations how many the switch has learned; undefined: a hub */
  second(view: SwitchView, stations: number | undefined): void
  /** The end. */
  done(view: SwitchView, ending: Ending): void
}

export function chooseReport({ json, quiet }: { json?: boolean; quiet?: boolean }): JoinReport {
  if (json) return new JsonReport()
  if (quiet) return new QuietReport()
  return isLive(process.stderr) ? new LiveReport() : new LogReport()
}

/** Characters a row; one is left free, since a terminal may wrap behind a full one. */
const columns = () => (process.stderr.columns ?? 80) - 1

/** The ports, what they found and chose, and what there is to say about them. */
function introduction(ports: readonly Port[]): string[] {
  const note = (message: string) => wrap(`note: ${message}`.split(' '), columns(), '  ', '')
  const rows = ports.flatMap(({ id, name, facts, notices }) => [
    paint('bold', `${id} ${name}`),
    ...wrap(factTexts(facts), columns(), '  ').map((row) => paint('dim', row)),
    ...notices.flatMap(note),
  ])
  return ports.length > 1
    ? rows
    : [...rows, ...note('there is nobody to talk to but this one port: name another SPEC')]
}

/** Only `ready`, and trouble. */
class QuietReport implements JoinReport {
  readonly countsSeconds: boolean = false

  notice(_port: Port, _message: string): void {}

  port(event: PortEvent): void {
    if (event.state !== 'up') tell(`${timeOfDay()} ${eventText(event)}`)
  }

  ready(_ports: readonly Port[]): void {
    print('ready')
  }

  second(_view: SwitchView, _stations: number | undefined): void {}

  done(_view: SwitchView, _ending: Ending): void {}

  [Symbol.dispose](): void {}
}

/** Lines for a log: nothing that comes again each second. */
class LogReport extends QuietReport {
  #isReady = false

  override notice(port: Port, message: string): void {
    // Those of a port that opens come with its introduction.
    if (this.#isReady) this.say(`${timeOfDay()} port ${shortName(port)}: ${message}`)
  }

  override port(event: PortEvent): void {
    this.say(`${timeOfDay()} ${eventText(event)}`)
  }

  override ready(ports: readonly Port[]): void {
    this.#isReady = true
    this.introduce(introduction(ports))
    super.ready(ports)
  }

  override done(view: SwitchView, _ending: Ending): void {
    totalsTable(view, columns()).forEach(tell)
  }

  protected introduce(lines: readonly string[]): void {
    lines.forEach(tell)
  }

  protected say(line: string): void {
    tell(line)
  }
}

/** A table, drawn each second. */
class LiveReport extends LogReport {
  override readonly countsSeconds = true
  #rows: LiveRows | undefined

  override second(view: SwitchView, stations: number | undefined): void {
    this.#rows?.draw(ratesTable(view, columns(), stations))
  }

  override done(view: SwitchView, ending: Ending): void {
    this.#rows?.clear()
    super.done(view, ending)
  }

  protected override introduce(lines: readonly string[]): void {
    this.#rows = new LiveRows(process.stderr, lines)
  }

  /** A client without its listener's name, which stands above: so it has one row. */
  override port(event: PortEvent): void {
    const { parent } = event.port
    const message =
      parent === undefined ? event.message : event.message.replace(`${parent.name} client`, 'client')
    super.port({ ...event, message })
  }

  protected override say(line: string): void {
    for (const row of wrap(line.split(' '), columns(), '', '')) {
      if (this.#rows === undefined) tell(row)
      else this.#rows.say(row)
    }
  }

  override [Symbol.dispose](): void {
    this.#rows?.[Symbol.dispose]()
  }
}

/** One JSON object a line, on stdout. */
class JsonReport implements JoinReport {
  readonly countsSeconds = true

  notice({ id, name }: Port, message: string): void {
    printEvent('notice', { id, name, message })
  }

  port({ port: { id, name }, ...change }: PortEvent): void {
    printEvent('port', { id, name, ...change })
  }

  ready(ports: readonly Port[]): void {
    printEvent('ready', { ports: ports.map(portFields) })
  }

  second(view: SwitchView, stations: number | undefined): void {
    printEvent('stats', { ...statsFields(view), stations })
  }

  done(view: SwitchView, ending: Ending): void {
    printEvent('done', { ending, ...totalsFields(view) })
  }

  [Symbol.dispose](): void {}
}
