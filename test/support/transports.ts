// One row a transport: how to make a connected pair of its ports, on loopback alone. Whatever runs over all transports (the conformance
// suite, the bench matrix) takes its rows from here.
import dgram from 'node:dgram'
import { once } from 'node:events'
import { randomInt } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { type HostPort, type Port, type SpecObject, Switch } from '../../lib/index.js'
import { ip } from './namespace.js'
import { run } from './running.js'

/** What a test may choose; everything else is the row's business. */
export interface PairOptions {
  /** Largest IP packet within a frame, for both ports. */
  mtu?: number
  /** Octets of each socket buffer, for both ports. */
  buffer?: number
}

export interface Transport {
  name: string
  /** `namespace`: needs a route that a host seldom has on loopback; runs in a network namespace that has it. */
  place: 'here' | 'namespace'
  /** Longest frame it carries, in octets. */
  maxFrame: number
  /** It has no option `buffer`: there is no socket to give one. */
  bufferless?: boolean
  /** Specs of two ports that hear each other and nobody else: fresh addresses with each call. */
  specs(options: PairOptions): Promise<[SpecObject, SpecObject]>
}

/** One end: a switch of its own, the port under test and a NIC. */
export interface End {
  lan: Switch
  port: Port
  host: HostPort
  spec: SpecObject
}

export interface Pair {
  a: End
  b: End
  close(): Promise<void>
}

/** A group that nobody else is likely to use. */
export const randomGroup = () => `239.192.${randomInt(1, 255)}.${randomInt(1, 255)}`
/** Below the range from which the kernel takes ephemeral ports. */
export const randomPort = () => randomInt(10_000, 32_000)

/** UDP ports of 127.0.0.1 that were free a moment ago, all different. */
export async function freeUdpPorts(count: number): Promise<number[]> {
  const sockets = Array.from({ length: count }, () => dgram.createSocket('udp4'))
  try {
    return await Promise.all(
      sockets.map(async (socket) => {
        socket.bind(0, '127.0.0.1')
        await once(socket, 'listening')
        return socket.address().port
      }),
    )
  } finally {
    for (const socket of sockets) socket.close()
  }
}

const UDP4_PAYLOAD = 65507
const UDP6_PAYLOAD = 65527

const twice = (spec: SpecObject): Promise<[SpecObject, SpecObject]> => Promise.resolve([spec, { ...spec }])
const group6 = () => `ff05::${randomInt(1, 0xffff).toString(16)}:${randomInt(1, 0xffff).toString(16)}`

async function tc(...args: string[]): Promise<void> {
  const result = await run('tc', args)
  if (result.code !== 0) throw new Error(`tc ${args.join(' ')}: ${result.stderr.trim()}`)
}

let cables = 0

/** Two taps with a cable between them: what is written into one can be read from the other, as it is. Removed with their namespace. */
async function cabledTaps(): Promise<[string, string]> {
  const number = cables++
  const names = [`cable${number}a`, `cable${number}b`] as const
  for (const name of names) {
    await ip('tuntap', 'add', 'dev', name, 'mode', 'tap')
    // Else this host's own stack talks on it too.
    writeFileSync(`/proc/sys/net/ipv6/conf/${name}/disable_ipv6`, '1')
    await ip('link', 'set', name, 'up')
  }
  for (const [from, to] of [names, [names[1], names[0]]] as const) {
    await tc('qdisc', 'add', 'dev', from, 'clsact')
    // One instruction of classic BPF, 'take it all': the other classifiers look for more octets than a runt has.
    const all = ['protocol', 'all', 'bpf', 'bytecode', '1,6 0 0 4294967295']
    await tc(
      'filter',
      'add',
      'dev',
      from,
      'ingress',
      ...all,
      'action',
      'mirred',
      'egress',
      'redirect',
      'dev',
      to,
    )
  }
  return [...names]
}

export const transports: readonly Transport[] = [
  {
    name: 'mcast over IPv4',
    place: 'here',
    maxFrame: UDP4_PAYLOAD,
    specs: (options) =>
      twice({
        transport: 'mcast',
        group: randomGroup(),
        port: randomPort(),
        interface: 'lo',
        ...options,
      }),
  },
  {
    name: 'mcast, source-specific',
    place: 'here',
    maxFrame: UDP4_PAYLOAD,
    specs: (options) =>
      twice({
        transport: 'mcast',
        group: randomGroup().replace(/^239/, '232'),
        port: randomPort(),
        interface: 'lo',
        source: '127.0.0.1',
        ...options,
      }),
  },
  {
    name: 'mcast over IPv6',
    place: 'namespace',
    maxFrame: UDP6_PAYLOAD,
    specs: (options) =>
      twice({
        transport: 'mcast',
        group: group6(),
        port: randomPort(),
        interface: 'lo',
        ...options,
      }),
  },
  {
    name: 'ucast',
    place: 'here',
    maxFrame: UDP4_PAYLOAD,
    async specs(options) {
      const [left, right] = (await freeUdpPorts(2)) as [number, number]
      const end = (listenPort: number, remotePort: number): SpecObject => ({
        transport: 'ucast',
        remote: '127.0.0.1',
        listenPort,
        remotePort,
        ...options,
      })
      return [end(left, right), end(right, left)]
    },
  },
  {
    name: 'tuntap',
    place: 'namespace',
    maxFrame: 65535,
    bufferless: true,
    async specs(options) {
      const [left, right] = await cabledTaps()
      const end = (device: string): SpecObject => ({ transport: 'tuntap', device, ...options })
      return [end(left), end(right)]
    },
  },
]

const kMacs = ['02:00:00:00:00:0a', '02:00:00:00:00:0b'] as const

async function makeEnd(spec: SpecObject, mac: string): Promise<End> {
  const lan = await Switch.create()
  try {
    const port = await lan.addPort(spec)
    return { lan, port, host: await lan.addPort({ transport: 'host', mac }), spec }
  } catch (error) {
    await lan.close()
    throw error
  }
}

/** Two switches with the transport between them; closing closes both. */
export async function makePair(transport: Transport, options: PairOptions = {}): Promise<Pair> {
  const specs = await transport.specs(options)
  const a = await makeEnd(specs[0], kMacs[0])
  try {
    const b = await makeEnd(specs[1], kMacs[1])
    return { a, b, close: async () => void (await Promise.all([a.lan.close(), b.lan.close()])) }
  } catch (error) {
    await a.lan.close()
    throw error
  }
}
