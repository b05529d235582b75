/** Generators of the specs of switch daemons, both sides. */

import fc from 'fast-check'
import type { SpecObject } from '../../lib/spec/index.js'

const path = fc.stringMatching(/^(\/|\.\/)[a-z0-9=. -]{1,40}\/[a-z][a-z0-9.=]{0,20}$/)
const message = {
  socketType: fc.constant('unix' as const),
  socket: path,
  buffer: fc.integer({ min: 4096, max: 2 ** 30 }),
  mtu: fc.integer({ min: 68, max: 65521 }),
}
/** A slash at the end of a folder is as good as none. */
const folder = fc.tuple(path, fc.constantFrom('', '/', '//')).map(([name, slashes]) => name + slashes)

/** @param mac the MAC address of a station, in any of its spellings */
export const daemonSpecs = (mac: fc.Arbitrary<string>): fc.Arbitrary<SpecObject> =>
  fc.oneof(
    fc
      .record(
        { mac, ...message, socket: folder, reconnect: fc.boolean(), wait: fc.boolean() },
        { requiredKeys: [] },
      )
      .map((rest): SpecObject => ({ transport: 'daemon', ...rest })),
    fc
      .record(
        {
          mac,
          ...message,
          mode: fc.constantFrom('0600', '660', 'umask', '0777'),
          group: fc.constantFrom('users', '27'),
          clients: fc.integer({ min: 1, max: 60_000 }),
        },
        { requiredKeys: [] },
      )
      .map((rest): SpecObject => ({ transport: 'switch', ...rest })),
  )
