/** `ethercast ping`: is a host of the LAN there? ARP and ICMP, or their IPv6 kin, from user space: no tap, no root. */

import { Option } from 'commander'
import type { Command } from 'commander'
import { hostAddress } from '../net/address.js'
import { ping as pings } from '../net/ping.js'
import { EthercastError, isReadOnly, parseSpec } from '../spec/index.js'
import { wholeNumber } from './arguments.js'
import { Lifetime, parseDuration } from './lifetime.js'
import { lanSpec } from './opening.js'
import type { LanSpec } from './opening.js'
import { openPingNic } from './ping_nic.js'
import { JsonPingReport, TextPingReport } from './ping_reports.js'
import type { PingReport } from './ping_reports.js'

const PAYLOAD_OCTETS = 56
/** Of the largest IP packet, where the spec says nothing: what every host on an Ethernet takes. */
const MTU = 1500
/** Octets of IP and ICMP headers. */
const HEADERS = { 4: 20 + 8, 6: 40 + 8 }

interface Options {
  from?: string
  count?: number
  interval: number
  timeout: number
  size: number
  mac?: string
  json?: boolean
  quiet?: boolean
}

const EXAMPLES = `
Examples:
  ethercast ping mcast 192.0.2.7                 a guest on UML's default group
  ethercast ping mcast,,,,,interface=lo 192.0.2.7 --from 192.0.2.1 -c 3
  ethercast ping ucast,,198.51.100.5,1102,1102 fe80::fcfd:c000:207 -i 0.2

Without --from it takes a free address of the target's /24 (IPv6: /64): three
probes first, in the way of RFC 5227, so that nobody is disturbed. The MAC
address is --mac, else the spec's, else made from the IPv4 address as UML does
(fe:fd and its four octets), else random.

With --json stdout has one object a line: ready, reply, timeout, done.

Exit code: 0 at least one reply, 1 none, 2 wrong usage.`

export function register(program: Command): void {
  program
    .command('ping')
    .summary('is a host there? ARP and ICMP from user space')
    .description(
      'Joins a LAN as a station of its own and pings a host there, IPv4 or IPv6. ' +
        'The kernel of this host has no part in it: no tap, no route, no root.',
    )
    .argument('<spec>', 'how to join the LAN, such as mcast')
    .argument('<address>', 'who to ping: an IPv4 or IPv6 address on the LAN')
    .option('--from <address>', 'the address to ping from (default: a free one)')
    .option('-c, --count <number>', 'pings to send (default: until Ctrl-C)', wholeNumber(1))
    .addOption(seconds('-i, --interval <seconds>', 'time between pings, as in 0.2 or 200ms'))
    .addOption(seconds('-W, --timeout <seconds>', 'time for a reply, and for ARP'))
    .option('-s, --size <octets>', 'octets of data in a ping', wholeNumber(0, 65_507), PAYLOAD_OCTETS)
    .option('--mac <mac>', 'MAC address to ping from, as in fe:fd:0:0:0:1')
    .option('--json', 'one JSON object a line on stdout')
    .option('-q, --quiet', 'only the first line and the summary')
    .addHelpText('after', EXAMPLES)
    .action(async (spec: string, address: string, options: Options) => {
      process.exitCode = await ping(spec, address, options)
    })
}

/** An option of a time that is a second unless said. */
function seconds(flags: string, description: string): Option {
  return new Option(flags, description).argParser(parseDuration).default(1000, '1')
}

async function ping(specText: string, target: string, options: Options): Promise<number> {
  const spec = withMac(lanSpec(specText), options.mac)
  checkWay(spec)
  const mtu = typeof spec.mtu === 'number' ? spec.mtu : MTU
  checkAddresses(target, options)
  checkSize(target, options.size, mtu)
  using life = new Lifetime()
  const { signal } = life
  const opened = await openPingNic({ spec, target, from: options.from, signal }).catch((error: unknown) => {
    if (life.ending === undefined) throw error
  })
  if (opened === undefined) return life.ending === 'pipe' ? 0 : 1
  await using nic = opened.nic
  const run = { spec, target, nic, timeoutMs: options.timeout }
  const report = options.json ? new JsonPingReport(run) : new TextPingReport(run, options.quiet ?? false)
  const received = await follow(
    pings(nic, target, {
      from: opened.from,
      mtu,
      signal,
      count: options.count,
      intervalMs: options.interval,
      timeoutMs: options.timeout,
      payloadOctets: options.size,
    }),
    report,
  )
  life.throwIfFailed()
  return received > 0 || life.ending === 'pipe' ? 0 : 1
}

/** @returns replies received */
async function follow(events: ReturnType<typeof pings>, report: PingReport): Promise<number> {
  let startedMs = performance.now()
  let unresolved = 0
  let received = 0
  for await (const event of events) {
    if (event.event === 'done') {
      received = event.received
      report.done(event, unresolved, performance.now() - startedMs)
      continue
    }
    if (event.event === 'start') startedMs = performance.now()
    if (event.event === 'timeout' && !event.resolved) unresolved++
    report.event(event)
  }
  return received
}

function withMac(spec: LanSpec, mac: string | undefined): LanSpec {
  return mac === undefined ? spec : (parseSpec({ ...spec, mac }) as LanSpec)
}

/** @throws EthercastError `ERR_ETHERCAST_FIELD` for a LAN that can only be listened to */
function checkWay(spec: LanSpec): void {
  if (!isReadOnly(spec)) return
  const message = `ping: a ${spec.transport} port only listens: name a LAN to send on, as in mcast or tuntap,tap0`
  throw new EthercastError('ERR_ETHERCAST_FIELD', message, { field: 'transport', value: spec.transport })
}

/** @throws EthercastError `ERR_ETHERCAST_FIELD`, before anything is opened */
function checkAddresses(target: string, { from }: Options): void {
  const { family } = hostAddress(target, 'address')
  if (from !== undefined) hostAddress(from, '--from', family)
}

/** @throws EthercastError `ERR_ETHERCAST_FIELD` for more octets than one packet holds */
function checkSize(target: string, octets: number, mtu: number): void {
  const most = mtu - HEADERS[hostAddress(target).family]
  if (octets <= most) return
  const message = `--size: ${octets} is too much: allowed are 0 to ${most}, as the MTU is ${mtu} (mtu= in the spec sets it)`
  throw new EthercastError('ERR_ETHERCAST_FIELD', message, { field: 'size', value: octets })
}
