// The guests section: what TCP between a User-Mode Linux guest and its host reaches, by each way onto a LAN.
import type { Options } from '../options.js'
import { contest } from '../support/contest.js'
import type { Outcome } from '../support/contest.js'
import { wanted } from '../support/wanted.js'
import { guestPingUs, iperf3 } from '../../test/interop/guest_content.js'
import { Lab } from '../../test/support/lab.js'
import { ways } from './ways.js'
import type { Way } from './ways.js'

export interface Speed {
  /** Mbit/s of payload, as the receiver counted them. */
  fromGuest: number
  toGuest: number
  /** The median round trip of a ping, in µs. */
  pingUs: number
}

async function measure(way: Way, seconds: number, pings: number): Promise<Speed> {
  await using lab = await Lab.create()
  const host = await lab.host('guests')
  const { guest, address } = await way.lay(host)
  const pingUs = await guestPingUs(guest, address, pings)
  const rate = async (reverse: boolean) =>
    ((await iperf3(guest, host, address, { reverse, seconds })) * 8) / seconds / 1e6
  return { pingUs, fromGuest: await rate(false), toGuest: await rate(true) }
}

/** Enough for a median; a guest's clock is slow to read. */
const MOST_PINGS = 50

export function runGuests({ runs, tcpS, pings, peers }: Options): Promise<Outcome<Speed>[]> {
  return contest('a guest and its host', wanted(ways, peers), runs, (way) =>
    measure(way, tcpS, Math.min(pings, MOST_PINGS)),
  )
}
