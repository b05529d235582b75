// What holds for objections on any file and host: they are told, never thrown; they are right about nets that overlap; and what was fine before `up`
// is fine after it.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { hostConfigSchema } from '../../lib/host/config.js'
import type { HostConfig } from '../../lib/host/config.js'
import { guestTexts } from '../../lib/host/guest_text.js'
import { objections } from '../../lib/host/objections.js'
import { parsePrefix } from '../../lib/host/prefix.js'
import { candidates } from '../../lib/host/probe.js'
import type { HostLink, HostRoute, Reality } from '../../lib/host/reality.js'
import { address, link, reality, route, tap } from './realities.js'

const name = fc.constantFrom(
  'tap0',
  'tap1',
  'tap2',
  'br0',
  'br1',
  'sl0',
  'eth0',
  'eth1',
  'lo',
  'constructor',
  'tapo',
)
const tapName = fc.constantFrom('tap0', 'tap1', 'tap2')
const bridgeName = fc.constantFrom('br0', 'br1')
const host = fc.constantFrom(
  ...[
    '198.18.0.5',
    '198.18.0.254',
    '198.18.0.77',
    '198.18.1.254',
    '198.18.1.1',
    '198.18.1.130',
    '198.18.2.1',
    '127.0.0.9',
  ],
  ...['2001:db8::5', '2001:db8::77', '2001:db8:1::1', '2001:db8:1::fe', 'fe80::1'],
)
const prefix = fc
  .tuple(host, fc.constantFrom(0, 0, 8, 7, 16))
  .map(([text, less]) => `${text}/${text.includes(':') ? 128 - 8 * less : 32 - less}`)
const net = fc.constantFrom('198.18.0.0/24', '198.18.1.0/24', '0.0.0.0/0', '2001:db8:1::/64', '198.18.3.0/24')
const account = fc.constantFrom('root', 'alice', 'nobody-knows', 1000)
const some = { maxLength: 2 }
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const record = <T>(key: fc.Arbitrary<string>, value: fc.Arbitrary<T>) =>
  fc.dictionary(key, value, { maxKeys: 2 })

const tapArbitrary = fc.record({
  addresses: fc.array(prefix, some),
  mtu: optional(fc.constantFrom(1000, 1458, 1500)),
  owner: optional(account),
  share_address: fc.boolean(),
})
const file = fc
  .record(
    {
      taps: record(tapName, tapArbitrary),
      slip: record(fc.constantFrom('sl0', 'tap0'), fc.record({ host, guest: host })),
      bridges: record(
        bridgeName,
        fc.record({ ports: fc.array(name, some), addresses: fc.array(prefix, some), confirm: fc.boolean() }),
      ),
      routes: fc.array(
        fc.record({ to: fc.oneof(net, fc.constant('default')), via: optional(host), device: optional(name) }),
        some,
      ),
      forwarding: fc.subarray(['ipv4', 'ipv6']),
      proxy_arp: fc.array(fc.record({ address: host, device: name }), some),
      masquerade: fc.array(fc.record({ from: net, out: name }), some),
      port_forwards: fc.array(
        fc.record({ port: fc.constantFrom(80, 81), to: host, device: optional(name) }),
        some,
      ),
      guests: record(
        fc.constantFrom('one', 'two'),
        fc.record({
          device: name,
          addresses: fc.array(prefix, { minLength: 1, maxLength: 2 }),
          lan: optional(name),
          gateway: optional(host),
          resolvers: fc.array(host, some),
        }),
      ),
      switches: record(
        fc.constantFrom('a', 'b'),
        fc.record({
          ports: fc.array(fc.constantFrom('mcast', 'tuntap,tap0', 'tuntap,tap1'), {
            minLength: 1,
            maxLength: 2,
          }),
        }),
      ),
    },
    { requiredKeys: [] },
  )
  .map((value): unknown => JSON.parse(JSON.stringify(value)))
  .map((value) => hostConfigSchema.safeParse(value).data)
  .filter((value): value is HostConfig => value !== undefined)

/** Shapes of what may be on a host already. */
const others: HostLink[] = [
  tap('tap0'),
  tap('tap1', {}, { uid: 1000, multiQueue: true }),
  tap('tap2', {}, { type: 'tun' }),
  link('br0', ['198.18.2.7/24'], { kind: 'bridge' }),
  link('br1', [], { kind: 'veth' }),
]
const hostArbitrary = fc
  .subarray(others)
  .map((links): Reality => ({ ...reality(), links: [...reality().links, ...links] }))

/** The host as `up` leaves it: our devices, with what the file gives them; addresses and routes of NICs at their bridges. */
function afterUp(config: HostConfig, before: Reality): { after: Reality; owned: Set<string> } {
  const bridgeOf = new Map(
    Object.entries(config.bridges).flatMap(([bridge, { ports }]) => ports.map((port) => [port, bridge])),
  )
  const place = (device: string) => bridgeOf.get(device) ?? device
  const made: HostLink[] = [
    ...Object.entries(config.taps).map(([device, { addresses, mtu = 1500 }]) =>
      tap(device, { addresses: addresses.map(address), mtu, master: bridgeOf.get(device) }),
    ),
    ...Object.entries(config.slip).map(([device, line]) =>
      tap(device, { addresses: [address(line.host)] }, { type: 'tun' }),
    ),
    ...Object.entries(config.bridges).map(([device, bridge]) => {
      const moved = before.links
        .filter(({ name }) => bridge.ports.includes(name))
        .flatMap((nic) => nic.addresses)
      return link(device, [], { kind: 'bridge', addresses: [...bridge.addresses.map(address), ...moved] })
    }),
  ]
  const kept = before.links
    .filter(({ name }) => made.every((one) => one.name !== name))
    .map((one) => (bridgeOf.has(one.name) ? { ...one, addresses: [], master: bridgeOf.get(one.name) } : one))
  const moved = before.routes.map((one): HostRoute => ({ ...one, device: one.device && place(one.device) }))
  const added = config.routes.map(({ to, via, device }) => {
    const prefixText = to === 'default' ? (via?.includes(':') ? '::/0' : '0.0.0.0/0') : to
    return route(prefixText, { via, device: device ?? 'eth0' })
  })
  const hosts = Object.values(config.guests).flatMap(({ addresses, device }) =>
    addresses.map((text) => route(text.replace(/\/.*/, ''), { device: place(device) })),
  )
  const proxies = [
    ...config.proxy_arp,
    ...Object.values(config.guests).flatMap(({ lan, addresses }) =>
      lan === undefined ? [] : addresses.map((text) => ({ address: text.replace(/\/.*/, ''), device: lan })),
    ),
  ]
  // The kernel's, for the address with a peer.
  const ends = Object.entries(config.slip).map(([device, { guest }]) => route(guest, { device }))
  const after = {
    ...before,
    links: [...kept, ...made],
    routes: [...moved, ...added, ...hosts, ...ends],
    proxies,
  }
  return { after, owned: new Set(made.map((one) => one.name)) }
}

function exists(path: (string | number)[], config: HostConfig): boolean {
  let inner: unknown = config
  for (const step of path) {
    if (typeof inner !== 'object' || inner === null || !Object.hasOwn(inner, step)) return false
    inner = (inner as Record<string | number, unknown>)[step]
  }
  return true
}

/** The file without the entries that are objected to. */
function mended(config: HostConfig, on: Reality): HostConfig {
  const rest = structuredClone(config) as unknown as Record<string, Record<string, unknown> | unknown[]>
  for (let found; (found = objections(rest as unknown as HostConfig, on)).length > 0;) {
    const [section, entry] = found[0]!.path
    const inner = rest[section!]!
    if (entry === undefined) rest[section!] = {}
    else if (Array.isArray(inner)) inner.splice(Number(entry), 1)
    else delete inner[entry]
  }
  return rest as unknown as HostConfig
}

/** First and last address of a net as numbers: another way to tell whether two overlap. */
function range(text: string): [bigint, bigint] {
  const { address: of, length } = parsePrefix(text)!
  const number = of.octets.reduce((sum, octet) => (sum << 8n) | BigInt(octet), 0n)
  const host = BigInt(of.octets.length * 8 - length)
  const first = (number >> host) << host
  return [first, first + (1n << host) - 1n]
}

describe('objections: properties', function () {
  this.timeout(120_000)

  it('they are told, in one line each, of places that are in the file; so is the rest of what plan says', () => {
    fc.assert(
      fc.property(file, hostArbitrary, (config, on) => {
        for (const { path, message, remedy } of objections(config, on)) {
          assert.ok(exists(path, config), `${path.join('.')} is not in the file`)
          assert.doesNotMatch(`${message}; ${remedy}`, /undefined|\[object|NaN|\n|function/)
        }
        for (const { lines } of guestTexts(config, on))
          assert.doesNotMatch(lines.join(''), /undefined|\[object|\n/)
        for (const { path } of candidates(config, on)) assert.ok(exists(path, config))
      }),
      { numRuns: 1000 },
    )
  })

  it('what is fine before `up` is fine after it, and is not asked for on the LAN', () => {
    const entries: number[] = []
    fc.assert(
      fc.property(file, (wished) => {
        const before = reality()
        const config = mended(wished, before)
        entries.push(Object.values(config).flatMap((section) => Object.keys(section ?? {})).length)
        const { after, owned } = afterUp(config, before)
        assert.deepEqual(objections(config, after, { owned }), [])
        assert.deepEqual(candidates(config, after, { owned }), [])
      }),
      { numRuns: 1500 },
    )
    const rich = entries.filter((count) => count >= 4).length
    assert.ok(rich > 200, `only ${rich} files say something`)
  })

  it('of two taps with a net each there is an objection when, and only when, their nets overlap', () => {
    const wide = fc
      .tuple(fc.nat(3), fc.nat(255), fc.integer({ min: 20, max: 31 }))
      .map(([third, fourth, length]) => `198.19.${third}.${fourth}/${length}`)
    fc.assert(
      fc.property(wide, wide, (one, two) => {
        const { data } = hostConfigSchema.safeParse({
          taps: { a: { addresses: [one] }, b: { addresses: [two] } },
        })
        if (data === undefined) return
        const [[first, last], [from, to]] = [range(one), range(two)]
        assert.equal(objections(data, reality()).length > 0, first <= to && from <= last, `${one} and ${two}`)
      }),
      { numRuns: 1000 },
    )
  })
})
