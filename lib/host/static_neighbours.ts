/** Entries of the IPv4 neighbour table that a person made: the kernel drops them with the last IPv4 address of their device (arp_ifdown). */

import type { Line } from './batch.js'
import type { Reality } from './reality.js'

export type StaticNeighbour = { address: string; mac: string }

export const inet4NeighboursOf = (device: string, reality: Reality): StaticNeighbour[] =>
  reality.neighbours.flatMap((one) =>
    one.device === device && !one.address.includes(':') ? [{ address: one.address, mac: one.mac }] : [],
  )

const isAmong = (list: readonly StaticNeighbour[], { address, mac }: StaticNeighbour) =>
  list.some((one) => one.address === address && one.mac === mac)

/** Those of `list` that are not in `others`. */
export const without = (
  list: readonly StaticNeighbour[],
  others: readonly StaticNeighbour[],
): StaticNeighbour[] => list.filter((one) => !isAmong(others, one))

/** An entry that the kernel has learnt meanwhile gives way. */
export const neighbourLines = (list: readonly StaticNeighbour[], device: string): Line[] =>
  list.map(({ address, mac }) => [
    ...['neigh', 'replace', address, 'lladdr', mac, 'dev', device, 'nud', 'permanent'],
  ])

/** Those that are there, and as they were made. */
export const forgetLines = (list: readonly StaticNeighbour[], device: string, reality: Reality): Line[] =>
  inet4NeighboursOf(device, reality)
    .filter((one) => isAmong(list, one))
    .map(({ address }) => ['neigh', 'del', address, 'dev', device])
