/** Generators of slip and slirp specs. */

import fc from 'fast-check'
import type { SpecObject } from '../../lib/spec/index.js'
import { mac } from './arbitraries.js'

const octet = fc.integer({ min: 1, max: 254 })
const net = fc.tuple(octet, octet).map(([a, b]) => `198.18.${a}.${b}`)
const mtu = fc.integer({ min: 68, max: 65521 })
const peer = fc.tuple(net, fc.integer({ min: 8, max: 32 })).map(([address, length]) => `${address}/${length}`)
const path = fc.stringMatching(/^\/[a-z0-9._-]{1,20}\/[a-z][a-z0-9._=-]{0,10}$/)
const common = { mac: fc.oneof(mac), mtu }
const optional = <T extends object>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(model, { requiredKeys: [] })

export const slipSpec = (): fc.Arbitrary<SpecObject> =>
  fc.oneof(
    optional({ hostIp: net, peer, link: path, ...common }).map((rest) => ({
      transport: 'slip' as const,
      ...rest,
    })),
    optional({ hostIp: net, peer, reconnect: fc.boolean(), wait: fc.boolean(), ...common }).chain((rest) =>
      path.map((line) => ({ transport: 'slip' as const, line, ...rest })),
    ),
    fc.record({ hostIp: net, rest: optional(common) }).map(({ hostIp, rest }) => ({
      transport: 'slip' as const,
      line: 'tun',
      hostIp,
      ...rest,
    })),
  )

const word = fc.stringMatching(/^[a-z0-9 =./-]{1,12}$/)

/** Without what only the object form has. */
export const slirpSpec = (): fc.Arbitrary<SpecObject> =>
  optional({
    mac: fc.oneof(mac),
    program: word,
    args: fc.array(fc.oneof(word, fc.constant('')), { maxLength: 5 }),
  }).map((rest) => ({ transport: 'slirp' as const, ...rest }))
