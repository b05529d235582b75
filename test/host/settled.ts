// A dump of a test host that has come to rest: while IPv6 still asks whether an address is somebody else's, its route is not there.
import type { Host } from '../support/host.js'
import { eventually } from '../support/wait.js'
import { dump } from './dump.js'
import type { DumpOptions } from './dump.js'

/** Duplicate address detection takes a second or two an address. */
const kLongestMs = 30_000

export async function settledDump(host: Host, options?: DumpOptions): Promise<string[]> {
  await eventually(
    async () => (await host.ip('-6', 'addr', 'show', 'tentative')).trim() === '',
    kLongestMs,
    'the end of duplicate address detection',
  )
  return dump(host.namespace, options)
}
