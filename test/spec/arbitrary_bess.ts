/** Generators of `bess` and `fd` specs. */

import fc from 'fast-check'
import type { SpecObject } from '../../lib/spec/index.js'

const path = fc
  .array(fc.stringMatching(/^[a-z0-9._=+-]{0,9}[a-z0-9]$/), { minLength: 1, maxLength: 5 })
  .map((parts) => `/${parts.join('/')}`)
const mac = fc.constantFrom('fe:fd:0:0:0:1', '02:00:00:00:00:0A')
const packets = {
  mac,
  mtu: fc.integer({ min: 68, max: 65521 }),
  buffer: fc.integer({ min: 4096, max: 2 ** 30 }),
}

const listening = fc
  .record(
    {
      listen: path,
      ...packets,
      clients: fc.integer({ min: 1, max: 60_000 }),
      mode: fc.constantFrom('600', '0660', '0777'),
      group: fc.oneof(fc.stringMatching(/^[a-z_][a-z0-9_.-]{0,20}$/)),
    },
    { requiredKeys: ['listen'] },
  )
  .map((rest): SpecObject => ({ transport: 'bess', ...rest }))

const connecting = fc
  .record(
    { connect: path, ...packets, reconnect: fc.boolean(), wait: fc.boolean() },
    { requiredKeys: ['connect'] },
  )
  .map((rest): SpecObject => ({ transport: 'bess', ...rest }))

export const bess = fc.oneof(listening, connecting)

export const fd = fc.oneof(
  fc
    .record({ fd: fc.integer({ min: 3, max: 2 ** 31 - 1 }), ...packets }, { requiredKeys: ['fd'] })
    .map((rest): SpecObject => ({ transport: 'fd', ...rest })),
  fc
    .record(
      { type: fc.constantFrom('seqpacket' as const, 'dgram' as const), ...packets },
      { requiredKeys: [] },
    )
    .map((rest): SpecObject => ({ transport: 'fd', ...rest })),
)
