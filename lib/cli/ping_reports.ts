/** What `ping` says: for people, as ping(8) does, or for programs. */

import type { HostPort } from '../host_port.js'
import type { PingEvent, PingSummary } from '../net/pinger.js'
import { formatSpec } from '../spec/index.js'
import type { PortSpec } from '../spec/index.js'
import { heard } from './losses.js'
import { paint, print, printEvent, rounded, tell } from './output.js'
import { counted, factTexts, wrap } from './port_text.js'
import { doctorCommand, lanPort } from './opening.js'
import type { LanSpec } from './opening.js'

/** Characters a row, for whole sentences. */
const COLUMNS = 79

/** A ping that runs. */
export interface PingRun {
  spec: LanSpec
  target: string
  nic: HostPort
  /** Its time for a reply, in milliseconds. */
  timeoutMs: number
}

export interface PingReport {
  /** Anything but the end. */
  event(event: Exclude<PingEvent, PingSummary>): void
  /** The end. @param unresolved requests that found nobody to send them to. @param elapsedMs since the first request */
  done(summary: PingSummary, unresolved: number, elapsedMs: number): void
}

export class JsonPingReport implements PingReport {
  readonly #run: PingRun

  constructor(run: PingRun) {
    this.#run = run
  }

  event(event: Exclude<PingEvent, PingSummary>): void {
    if (event.event !== 'start') {
      const { event: name, ...fields } = event
      return printEvent(name, rounded(fields))
    }
    const { target, from, payloadOctets } = event
    const { spec, nic } = this.#run
    const facts = lanPort(this.#run.nic)?.facts ?? {}
    printEvent('ready', { spec: formatSpec(spec), target, from, mac: nic.mac, payloadOctets, facts })
  }

  done({ event, ...summary }: PingSummary, unresolved: number, elapsedMs: number): void {
    printEvent(event, rounded({ ...summary, unresolved, elapsedMs }))
  }
}

export class TextPingReport implements PingReport {
  readonly #run: PingRun
  readonly #quiet: boolean

  constructor(run: PingRun, quiet: boolean) {
    this.#run = run
    this.#quiet = quiet
  }

  event(event: Exclude<PingEvent, PingSummary>): void {
    if (event.event === 'start') return this.#start(event)
    if (this.#quiet) return
    if (event.event === 'reply') print(replyLine(event))
    else print(this.#timeoutLine(event))
  }

  done(summary: PingSummary, unresolved: number, elapsedMs: number): void {
    print('')
    print(paint('bold', `--- ${this.#run.target} ---`, process.stdout))
    for (const line of summaryLines(summary, elapsedMs)) print(line)
    if (summary.received === 0 && summary.transmitted > 0) this.#hint(summary.transmitted === unresolved)
  }

  #start({ target, from, payloadOctets }: Extract<PingEvent, { event: 'start' }>): void {
    const { spec, nic } = this.#run
    print(paint('bold', `ping ${target} from ${from}: ${payloadOctets} octets of data`, process.stdout))
    if (this.#quiet) return
    const where = factTexts(lanPort(this.#run.nic)?.facts ?? {}, ['interface', 'listens_on'])
    const facts = [`MAC ${nic.mac}`, ...where, formatSpec(spec)]
    for (const row of wrap(facts, COLUMNS, '  ')) tell(paint('dim', row))
  }

  #timeoutLine({ seq, resolved }: { seq: number; resolved: boolean }): string {
    const { target, timeoutMs } = this.#run
    const what = resolved
      ? `no reply from ${target} within ${milliseconds(timeoutMs)} ms`
      : `nobody answers ${asked(target)} for ${target}`
    return paint('yellow', `${what}: seq=${seq}`, process.stdout)
  }

  /** Where to look when nothing came back. */
  #hint(nobody: boolean): void {
    const { target, spec } = this.#run
    const port = lanPort(this.#run.nic)
    const others = port === undefined ? 0 : heard(port.stats()).frames
    const why = nobody
      ? `Nobody answered ${asked(target)} for ${target}. Is it up, with this address, and on the same ` +
        `${sameWhat(spec)}? ${heardText(others)}`
      : `${target} answers ${asked(target)}, but not pings: a firewall there, or two stations with this address?`
    tell('')
    wrap(why.split(' '), COLUMNS, '', '').forEach(tell)
    wrap([`Here: ${formatSpec(spec)}`, ...factTexts(port?.facts ?? {})], COLUMNS).forEach(tell)
    tell(`What on this host would stop it: ${doctorCommand(spec)}`)
  }
}

/** What both have to have in common. */
const sameWhat = ({ transport }: PortSpec) => (transport === 'mcast' ? 'group, port and interface' : 'LAN')

const asked = (target: string) => (target.includes(':') ? 'Neighbour Discovery' : 'ARP')

function heardText(frames: number): string {
  return frames === 0
    ? 'Nothing at all was heard on this LAN.'
    : `${counted(frames, 'frame')} of others ${frames === 1 ? 'was' : 'were'} heard on this LAN.`
}

function replyLine({
  seq,
  from,
  ttl,
  octets,
  rttMs,
  duplicate,
}: Extract<PingEvent, { event: 'reply' }>): string {
  const line = `${octets} octets from ${from}: seq=${seq} ttl=${ttl} time=${milliseconds(rttMs)} ms`
  return duplicate ? `${line} ${paint('yellow', '(duplicate)', process.stdout)}` : line
}

function summaryLines(summary: PingSummary, elapsedMs: number): string[] {
  const { transmitted, received, duplicates, late, lossPercent, rttMs } = summary
  const loss = `${Number(lossPercent.toFixed(1))}% loss`
  const counts = [
    `${transmitted} transmitted`,
    `${received} received`,
    duplicates > 0 ? `${duplicates} duplicates` : '',
    late > 0 ? `${late} too late` : '',
    lossPercent > 0 ? paint('yellow', loss, process.stdout) : loss,
    `${Math.round(elapsedMs)} ms`,
  ]
  const lines = [counts.filter(Boolean).join(', ')]
  if (rttMs !== undefined) {
    const { min, avg, max, mdev } = rttMs
    lines.push(`rtt min/avg/max/mdev = ${[min, avg, max, mdev].map((ms) => ms.toFixed(3)).join('/')} ms`)
  }
  return lines
}

/** Three digits behind the point for what is short, as ping(8) has it. */
function milliseconds(ms: number): string {
  if (Number.isInteger(ms)) return String(ms)
  return ms < 10 ? ms.toFixed(3) : ms < 100 ? ms.toFixed(2) : ms.toFixed(1)
}
