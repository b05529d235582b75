// One row a transport: how to make a connected pair of its ports, on loopback alone. Whatever runs over all transports (the conformance
// suite, the bench matrix) takes its rows from here.
import { randomInt } from 'node:crypto'
import { type HostPort, type Port, type SpecObject, Switch } from '../../lib/index.js'
import { freeUdpPorts } from './fresh.js'
import { bess } from './pairs/bess.js'
import { cabledTaps } from './pairs/cabled_taps.js'
import { daemon } from './pairs/daemon.js'
import { dgramPairs } from './pairs/dgram.js'
import { ethertap } from './pairs/ethertap.js'
import { fd } from './pairs/fd.js'
import { pcap } from './pairs/pcap.js'
import { slip } from './pairs/slip.js'
import { slirp } from './pairs/slirp.js'
import { stream } from './pairs/stream.js'
import { switchDaemon } from './pairs/switch.js'
import type { PairOptions, Transport } from './pairs/transport.js'
import { eventually } from './wait.js'

export type { PairOptions, Transport } from './pairs/transport.js'

/** One end: a switch of its own, the port under test and a NIC. */
export interface End {
  lan: Switch
  /** The port that was added: a listener, or the one under test itself. */
  added: Port
  /** The port that carries the frames. */
  port: Port
  host: HostPort
  spec: SpecObject
}

export interface Pair {
  a: End
  b: End
  /** Adds a port where one was closed, and waits until the ends have found each other again. */
  reopen(end: End, spec: SpecObject): Promise<void>
  close(): Promise<void>
}

/** A group that nobody else is likely to use. */
export const randomGroup = () => `239.192.${randomInt(1, 255)}.${randomInt(1, 255)}`
/** Below the range from which the kernel takes ephemeral ports. */
export const randomPort = () => randomInt(10_000, 32_000)

const UDP4_PAYLOAD = 65507
const UDP6_PAYLOAD = 65527

const twice = (spec: SpecObject): Promise<[SpecObject, SpecObject]> => Promise.resolve([spec, { ...spec }])
const group6 = () => `ff05::${randomInt(1, 0xffff).toString(16)}:${randomInt(1, 0xffff).toString(16)}`

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
  ...daemon,
  ...switchDaemon,
  ...ethertap,
  ...slip,
  ...slirp,
  ...pcap,
  ...bess,
  ...stream,
  ...dgramPairs,
  ...fd,
]

const kMacs = ['02:00:00:00:00:0a', '02:00:00:00:00:0b'] as const

async function makeEnd(spec: SpecObject, mac: string): Promise<End> {
  const lan = await Switch.create()
  try {
    const port = await lan.addPort(spec)
    return { lan, added: port, port, host: await lan.addPort({ transport: 'host', mac }), spec }
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
    const pair: Pair = {
      a,
      b,
      async reopen(end, spec) {
        end.added = await end.lan.addPort(spec)
        await meet(transport, pair)
      },
      close: async () => void (await Promise.all([a.lan.close(), b.lan.close()])),
    }
    try {
      await meet(transport, pair)
    } catch (error) {
      await pair.close()
      throw error
    }
    return pair
  } catch (error) {
    await a.lan.close()
    throw error
  }
}

/** Waits until the two ends have found each other, and says which ports carry the frames now. */
async function meet(transport: Transport, { a, b }: Pair): Promise<void> {
  a.port = a.added
  b.port = b.added
  await eventually(() => b.port.state === 'up', 10_000, `${b.port.name} to be up`)
  if (!transport.listener) return
  const client = () =>
    [...a.lan.ports.values()].find(({ parent, state }) => parent === a.added && state === 'up')
  a.port = await eventually(client, 5000, `a client of ${a.added.name}`)
}
