// Any file on any host: all wishes made in their order and taken back in the reverse, from wherever the making stopped, leave what was there.
import { strict as assert } from 'node:assert'
import { type HostConfigInput } from '../../lib/host/config.js'
import type { Json, Wish } from '../../lib/host/resource.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import { seeded } from '../support/random.js'
import { changesOf, Station, withoutDad } from './station.js'

class Random {
  readonly below: (end: number) => number
  constructor(seed: number) {
    this.below = seeded(seed * 7919)
  }
  chance(probability: number): boolean {
    return this.below(1000) < probability * 1000
  }
}

/** Each run is some tens of programs at a time; a seed is printed with a failure. */
const kRuns = 3
const kSeed = Number(process.env.ETHERCAST_SEED ?? 6)

describe('the wishes of a file on a host', function () {
  this.timeout(120_000)
  let lab: Lab
  let station: Station

  beforeEach(async function () {
    need(this, 'netns', 'tun')
    lab = await Lab.create()
    const host = await withoutDad(await lab.host('host', { route239: false }))
    const lan = await withoutDad(await lab.host('lan', { route239: false }))
    for (const net of [9, 10])
      await lab.link(host, lan, { addresses: [`198.18.${net}.1/24`, `198.18.${net}.2/24`], route239: false })
    station = new Station(host)
  })
  afterEach(() => lab?.close())

  for (let index = 1; index <= kRuns; index++) {
    const seed = kSeed * 1000 + index
    it(`are made and taken back, seed ${seed}`, async () => {
      const random = new Random(seed)
      await station.ip(...randomHost(random))
      if (random.chance(0.3))
        await station.host.exec('sysctl', ['-qw', 'net.ipv4.ip_forward=1'], { check: true })
      const config = randomConfig(random)
      const text = JSON.stringify(config)
      const all = await station.call('wishes', config)
      const before = await station.settled()
      const made = await makeAll(station, all)
      for (const wish of all) {
        const again = await station.call('make', wish)
        assert.deepEqual([wish.kind, again.state, again.actions], [wish.kind, 'made', []], text)
      }
      await restoreAll(station, made)
      await station.isAsBefore(before)
      const changes = made.reduce((sum, { changes: some }) => sum + some, 0)
      await restoreAll(station, await makeAll(station, all, random.below(changes)))
      await station.isAsBefore(before)
    })
  }
})

interface Taken {
  wish: Wish
  before: Json
  changes: number
}

/** @param most changes in all, then it is as if it had been killed */
async function makeAll(station: Station, all: readonly Wish[], most = Infinity): Promise<Taken[]> {
  const made: Taken[] = []
  let left = most
  for (const wish of all) {
    const { before, actions, after } = await station.call('make', wish, left)
    const changes = changesOf(actions)
    made.push({ wish, before, changes })
    left -= changes
    if (left < 0) break
    assert.equal(after, 'made', JSON.stringify(wish))
  }
  return made
}

async function restoreAll(station: Station, made: readonly Taken[]): Promise<void> {
  for (const { wish, before } of [...made].reverse()) await station.call('restore', wish, before)
}

/** What the host has already: things that the file will want too, in part. */
function randomHost(random: Random): string[] {
  const some = (chance: number, ...lines: string[]) => (random.chance(chance) ? lines : [])
  return [
    ...some(0.6, 'route add default via 198.18.9.2 dev veth0'),
    ...some(0.5, 'route add default via 198.18.10.2 dev veth1 metric 100 proto dhcp src 198.18.10.1'),
    ...some(0.5, 'addr add 2001:db8:9::1/64 dev veth0', 'route add default via 2001:db8:9::2 dev veth0'),
    ...some(0.4, 'addr add 198.18.9.7/24 dev veth0', 'addr add 198.18.9.8/24 dev veth0'),
    ...some(0.4, 'addr add 2001:db8:9::7/64 dev veth0 valid_lft 5000 preferred_lft 4000'),
    ...some(
      0.4,
      'tuntap add dev tap0 mode tap',
      ...some(0.5, 'link set tap0 up', 'addr add 198.18.20.254/24 dev tap0'),
    ),
    ...some(
      0.3,
      'link add br0 type bridge',
      ...some(0.5, 'link set br0 up', 'addr add 198.18.30.1/24 dev br0'),
    ),
    ...some(0.3, 'route add 198.18.50.0/24 via 198.18.9.2 proto static'),
    ...some(0.3, 'neigh add proxy 198.18.9.77 dev veth0'),
    ...some(0.2, 'link set veth1 down', 'addr add 2001:db8:10::1/64 dev veth1'),
  ]
}

function randomConfig(random: Random): HostConfigInput {
  const some = <Item>(chance: number, ...items: Item[]): Item[] => (random.chance(chance) ? items : [])
  const withBridge = random.chance(0.7)
  const masquerades = random.chance(0.5)
  return {
    taps: {
      tap0: {
        addresses: [...some(0.7, '198.18.20.254/24'), ...some(0.5, '2001:db8:20::1/64')],
        mtu: random.chance(0.5) ? 1400 : undefined,
      },
      tap1: { owner: 7, group: 8, queues: 1 + random.below(3) },
    },
    slip: random.chance(0.5) ? { sl0: { host: '198.18.40.1', guest: '198.18.40.2', mtu: 576 } } : {},
    bridges: withBridge
      ? {
          br0: {
            ports: [...some(0.6, 'tap1'), ...some(0.7, 'veth0'), ...some(0.5, 'veth1')],
            addresses: some(0.7, '198.18.30.1/24', '2001:db8:30::1/64'),
          },
        }
      : {},
    routes: [
      ...some(0.5, { to: '198.18.50.0/24', via: '198.18.9.9' }),
      ...some(0.5, { to: '198.18.51.0/24', device: 'tap0' }),
    ],
    guests: {
      one: {
        device: 'tap0',
        addresses: ['198.18.9.77/32', '2001:db8:9::77/128'],
        lan: withBridge ? undefined : 'veth0',
      },
    },
    proxy_arp: some(0.5, { address: '198.18.20.7', device: 'tap0' }),
    masquerade: masquerades ? [{ from: '198.18.20.0/24', out: 'veth1' }] : [],
    port_forwards: masquerades ? [{ port: 8080, to: '198.18.20.1' }] : [],
    forwarding: [...some(0.6, 'ipv4' as const), ...some(0.6, 'ipv6' as const)],
  }
}
