/**
 * Frames that a port did not pass on: which of the reasons are losses and which are a switch's daily work, and what to tell people.
 */

import type { PortStats } from '../stats.js'

interface Reason {
  /** What it means. */
  text: string
  /** Part of how a switch works, and no loss. */
  expected?: boolean
}

/** In no more than 40 characters. */
const REASONS: Record<'in' | 'out', Record<string, Reason>> = {
  in: {
    own_echo: { text: 'frames sent from here, heard again', expected: true },
    filtered: { text: 'the destination is on the same side', expected: true },
    no_egress: { text: 'no other port was open', expected: true },
    reserved: { text: 'to addresses that end at a switch', expected: true },
    runt: { text: 'shorter than an Ethernet header' },
    oversize: { text: 'longer than the port takes' },
    not_peer: { text: "not from the port's remote" },
    bad_framing: { text: "octets that the framing doesn't allow" },
    bad_packet: { text: 'not an IPv4 packet' },
    unresolved: { text: 'nobody answers ARP for the next hop' },
    bad_source: { text: 'the source is a group or all zero' },
    storm: { text: 'floods came faster than the storm limit' },
    bad_offload: { text: 'an offload header contradicts its frame' },
    blocked: { text: 'the loop guard had blocked the port' },
    no_batch: { text: 'no buffers left: an output is too slow' },
    bad_ring: { text: 'a frame ring was written to' },
    kernel: { text: 'socket buffer overran: enlarge buffer=' },
  },
  out: {
    oversize: { text: 'longer than the port or network carries' },
    read_only: { text: 'the port only listens' },
    no_peer: { text: 'nobody is at the other end' },
    other_mac: { text: 'flooded, but to another station', expected: true },
    not_ip: { text: 'the other end takes IPv4 alone', expected: true },
    queue_full: { text: 'more than the network below takes' },
    ring_full: { text: 'the reader is too slow' },
    refused: { text: 'the system refused them' },
    closed: { text: 'still queued when the port closed' },
  },
}

/** Frames that went no further, for one reason. */
export interface Drop {
  direction: 'in' | 'out'
  reason: string
  frames: number
  expected: boolean
  text: string
}

/** Everything that was dropped, the most frequent first; the kernel's drops are among it, as `kernel`. */
export function drops({ rx, tx }: PortStats): Drop[] {
  const list = (direction: 'in' | 'out', counts: Record<string, number>): Drop[] =>
    Object.entries(counts).map(([reason, frames]) => {
      const { text = '', expected = false } = REASONS[direction][reason] ?? {}
      return { direction, reason, frames, expected, text }
    })
  return [...list('in', { ...rx.drops, kernel: rx.kernelDrops }), ...list('out', tx.drops)]
    .filter(({ frames }) => frames > 0)
    .sort((a, b) => b.frames - a.frames)
}

/** Those of the drops that somebody will miss. */
export function losses(stats: PortStats): Drop[] {
  return drops(stats).filter(({ expected }) => !expected)
}

export function sum(list: readonly Drop[]): number {
  return list.reduce((frames, drop) => frames + drop.frames, 0)
}

/** What came in from others: a port of a multicast group hears its own frames too, and counts them. */
export function heard({ rx, tx }: PortStats): { frames: number; octets: number } {
  const echoes = rx.drops.own_echo ?? 0
  // Octets of echoes are not counted apart: they are those of the sent frames, as far as these have come back.
  const echoOctets = tx.frames === 0 ? 0 : tx.octets * Math.min(1, echoes / tx.frames)
  return { frames: rx.frames - echoes, octets: Math.max(0, Math.round(rx.octets - echoOctets)) }
}
