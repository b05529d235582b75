/** `ethercast dump`: watch a LAN, or record it. It only listens. */

import type { Command } from 'commander'
import { connect } from '../connect.js'
import type { FrameBatch } from '../frame_batch.js'
import type { HostPort } from '../host_port.js'
import type { Port } from '../port.js'
import { EthercastError, formatSpec } from '../spec/index.js'
import { wholeNumber } from './arguments.js'
import type { Recorder } from './dump_recorders.js'
import { JsonRecorder, LineRecorder, PcapngRecorder } from './dump_recorders.js'
import { DumpReport } from './dump_report.js'
import { Lifetime, parseDuration } from './lifetime.js'
import { lanPort, lanSpec, openError } from './opening.js'
import type { LanSpec } from './opening.js'
import { FileSink, StreamSink } from './sinks.js'
import type { Sink } from './sinks.js'
import { isBrokenPipe } from './write_error.js'

/** Room for what comes while a disk or a terminal takes its time. */
const RING_OCTETS = 16 * 2 ** 20

interface DumpOptions {
  write?: string
  count?: number
  for?: number
  macs?: boolean
  json?: boolean
  quiet?: boolean
}

const EXAMPLES = `
Examples:
  ethercast dump mcast                       UML's default group, line by line
  ethercast dump mcast,,,,,interface=lo -w lan.pcapng
  ethercast dump mcast -w - | wireshark -k -i -
  ethercast dump mcast --json --for 10s | jq -r '.summary // empty'

It hears every frame of the LAN, also those between others, and sends none. As a
port of somebody's switch (daemon, or connect=) it hears what that sends there:
floods, and not what goes between two stations that the switch knows.
Recordings are pcapng with nanoseconds, for Wireshark and tshark, with the
counts of received and lost frames at the end. However it ends, they can be
read.

stdout has the frames, one a line: time of day and summary (its last number is
the length in octets, without FCS); with -w - the recording; with --json one
object a line: ready, frame, done. "ready" is said on stderr when the LAN is
joined, with --json on stdout.

Exit code: 0 done, 1 the port or the file failed, 2 wrong usage.`

export function register(program: Command): void {
  program
    .command('dump')
    .summary('watch or record a LAN')
    .description('Joins a LAN as a listener, and prints or records every frame on it. No root, no tap.')
    .argument('<spec>', 'how to join the LAN, such as mcast')
    .option('-w, --write <file>', 'record to a pcapng file instead of printing; - is stdout')
    .option('-c, --count <number>', 'end after so many frames', wholeNumber(1))
    .option('--for <duration>', 'end after this time, as in 10s or 5m', parseDuration)
    .option('-e, --macs', 'print the MAC addresses of every frame')
    .option('--json', 'one JSON object a line on stdout')
    .option('-q, --quiet', 'say only "ready", and what goes wrong')
    .addHelpText('after', EXAMPLES)
    .action(async (spec: string, options: DumpOptions) => {
      await dump(lanSpec(spec), options)
    })
}

async function dump(spec: LanSpec, options: DumpOptions): Promise<void> {
  checkOutput(options)
  using life = new Lifetime(options.for)
  const { signal } = life
  const connecting = connect(spec, { promiscuous: true, ringOctets: RING_OCTETS, signal })
  const joined = await connecting.catch((error: unknown) => {
    if (life.ending === undefined) throw openError(error, spec)
  })
  if (joined === undefined) return
  await using nic = joined
  const port = lanPort(nic)!
  await record(nic, port, life, options)
}

async function record(nic: HostPort, port: Port, life: Lifetime, options: DumpOptions): Promise<void> {
  const sink = await openSink(options)
  const recorder = makeRecorder(sink, port, options)
  using report = new DumpReport(nic, port, options)
  try {
    await recorder.start()
    report.ready()
    for await (const batch of batches(nic, life.signal)) {
      const count = Math.min(batch.size, (options.count ?? Infinity) - report.frames)
      await recorder.record(batch, count)
      report.add(batch, count)
      if (report.frames !== options.count) continue
      life.end('done')
      break
    }
    await recorder.end(report.statistics())
  } catch (error) {
    if (!isBrokenPipe(error)) throw error
    // Who read the frames has seen enough.
    life.end('pipe')
  } finally {
    await sink.close()
    if (life.ending !== 'pipe') report.done(life.ending ?? 'failed')
  }
}

/** What comes until the signal, and then what has come until then. */
async function* batches(nic: HostPort, signal: AbortSignal): AsyncGenerator<FrameBatch> {
  try {
    yield* nic.frames({ signal })
  } catch (error) {
    if (!signal.aborted) throw error
  }
  const endNs = BigInt(Date.now()) * 1_000_000n
  for (let batch = nic.read(); batch.size > 0 && batch.timeNs(0) <= endNs; batch = nic.read()) yield batch
}

/** @throws EthercastError `ERR_ETHERCAST_FIELD` for options that don't go together */
function checkOutput({ write, json }: DumpOptions): void {
  const refuse = (message: string) => {
    throw new EthercastError('ERR_ETHERCAST_FIELD', message, { field: 'write', value: write })
  }
  if (write !== '-') return
  if (json) refuse('-w - and --json both want stdout: record to a file, or leave --json out')
  if (process.stdout.isTTY)
    refuse('-w - writes binary data, and stdout is a terminal: send it to a file or a program')
}

async function openSink({ write }: DumpOptions): Promise<Sink> {
  return write === undefined || write === '-' ? new StreamSink(process.stdout) : FileSink.open(write)
}

function makeRecorder(sink: Sink, port: Port, { write, json, macs }: DumpOptions): Recorder {
  if (write !== undefined) {
    const description = port.facts.interface && `on ${port.facts.interface}`
    return new PcapngRecorder(sink, { name: formatSpec(port.spec), description })
  }
  return json ? new JsonRecorder(sink) : new LineRecorder(sink, { macs })
}
