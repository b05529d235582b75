/** Generators of `stream` and `dgram` specs. */

import fc from 'fast-check'
import type { SpecObject } from '../../lib/spec/index.js'

const mac = fc.integer({ min: 0, max: 255 }).map((last) => `fe:fd:0:0:0:${last.toString(16)}`)
const path = fc
  .tuple(fc.constantFrom('/tmp/', './', '/run/user/1000/', 'a/'), fc.stringMatching(/^[a-z0-9._@=-]{1,12}$/))
  .filter(([, name]) => name !== '.' && name !== '..')
  .map((parts) => parts.join(''))
const port = fc.integer({ min: 1, max: 65535 })
const inet4 = fc
  .tuple(fc.integer({ min: 1, max: 223 }), fc.integer({ min: 0, max: 255 }), port)
  .map(([first, last, number]) => `${first}.0.2.${last}:${number}`)
const inet6 = fc
  .tuple(fc.integer({ min: 1, max: 0xffff }), port)
  .map(([last, number]) => `[2001:DB8::${last.toString(16)}]:${number}`)
const inet = fc.oneof(inet4, inet6)

const sizes = { buffer: fc.integer({ min: 4096, max: 2 ** 30 }), mtu: fc.integer({ min: 68, max: 65521 }) }
const mode = fc.constantFrom('0600', '660', '0666')
const group = fc.oneof(fc.constantFrom('users', 'kvm'), fc.integer({ min: 0, max: 65535 }).map(String))
const some = <T extends object>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(model, { requiredKeys: [] })
const clients = fc.integer({ min: 1, max: 60_000 })

export const stream: fc.Arbitrary<SpecObject> = fc.oneof(
  fc
    .record({ listen: path, rest: some({ mac, clients, mode, group, ...sizes }) })
    .map(({ listen, rest }): SpecObject => ({ transport: 'stream', listen, ...rest })),
  fc
    .record({ listen: inet, rest: some({ mac, clients, ...sizes }) })
    .map(({ listen, rest }): SpecObject => ({ transport: 'stream', listen, ...rest })),
  fc
    .record({
      connect: fc.oneof(path, inet),
      rest: some({ mac, reconnect: fc.boolean(), wait: fc.boolean(), ...sizes }),
    })
    .map(({ connect, rest }): SpecObject => ({ transport: 'stream', connect, ...rest })),
)

const mss = fc.oneof(fc.constantFrom('auto' as const, 'off' as const), fc.integer({ min: 536, max: 65495 }))
const udp = some({ mac, mss, offload: fc.constantFrom('auto' as const, 'off' as const), ...sizes })
const pair = (end: fc.Arbitrary<string>) => fc.tuple(end, end).filter(([local, remote]) => local !== remote)

export const dgram: fc.Arbitrary<SpecObject> = fc.oneof(
  fc
    .record({ ends: pair(path), rest: some({ mac, mode, group, ...sizes }) })
    .map(({ ends: [local, remote], rest }): SpecObject => ({ transport: 'dgram', local, remote, ...rest })),
  fc
    .record({ ends: fc.oneof(pair(inet4), pair(inet6)), rest: udp })
    .map(({ ends: [local, remote], rest }): SpecObject => ({ transport: 'dgram', local, remote, ...rest })),
)
