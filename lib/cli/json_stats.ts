/** Ports and their counters as JSON has them. */

import type { Port } from '../port.js'
import type { PortView, SwitchView } from './rates.js'

export function portFields({ id, name, state, facts }: Port): object {
  return { id, name, state, facts }
}

/** Counters since the beginning, and what they gained a second. */
export function statsFields({ elapsedMs, ports }: SwitchView): object {
  const fields = ({ port, stats, perSecond, clients }: PortView): object => ({
    ...portFields(port),
    ...stats,
    perSecond: Object.fromEntries(
      Object.entries(perSecond).map(([key, rate]) => [key, Math.round(rate as number)]),
    ),
    ...(clients.length === 0 ? {} : { clients: clients.map(fields) }),
  })
  return { elapsedMs: Math.round(elapsedMs), ports: ports.map(fields) }
}

/** The counters at the end. */
export function totalsFields({ elapsedMs, ports }: SwitchView): object {
  const fields = ({ port, stats }: PortView) => ({ ...portFields(port), ...stats })
  return { elapsedMs: Math.round(elapsedMs), ports: ports.map(fields) }
}
