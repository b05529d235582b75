import { counterNames } from './binding.js'

/**
 * What a port has counted since it opened, in wire frames. Two accounts balance:
 * `rx.frames = rx.forwarded + sum of rx.drops` and `tx.picked = tx.frames + sum of tx.drops + tx.queued`.
 *
 * `rx` is into the switch, `tx` out of it, for every port alike: what a program sends through its host port is that port's `rx`.
 */
export interface PortStats {
  rx: {
    /** Frames taken in from outside. */
    frames: number
    /** Of long own echoes (over 1600 octets) rounded down by up to 13 each: the kernel hands over their start alone. */
    octets: number
    /** Of these, handed to at least one other port. */
    forwarded: number
    /** Of these, sent to every other port. */
    flooded: number
    /** Of the forwarded: to one station, to a group, to everybody. */
    unicast: number
    multicast: number
    broadcast: number
    /** Super-frames taken in: each was counted above as the several frames it is on a wire. */
    superFrames: number
    /** Frames that went no further, by reason. */
    drops: Record<string, number>
    /** Datagrams lost in the socket's receive buffer before the port could read them; stands apart from the account. */
    kernelDrops: number
    /** Frames whose source was not learned: no room in the table or for this port, or pinned to another port. */
    notLearned: number
  }
  tx: {
    /** Frames the switch has chosen to leave here. */
    picked: number
    /** Of these, handed to the outside. */
    frames: number
    octets: number
    /** Writes that took several frames out in one piece: super-frames, or runs that the kernel cuts (UDP GSO). */
    superFrames: number
    /** Of these, waiting in the port's bounded queue now. */
    queued: number
    /** Frames that did not leave, by reason. */
    drops: Record<string, number>
    /** Sent frames that the network below has to fragment. */
    fragmented: number
  }
  /** Sending sockets opened anew after an address change. */
  reopened: number
  /** Times a peer that was gone came back. */
  reconnects: number
  /** Connections that a listener did not take: no such protocol, too many clients, descriptors run out. */
  refusedClients: number
  /** Sends that the kernel refused with offload and that went without. */
  offloadFailures: number
  /** TCP SYNs whose MSS was lowered to what the path carries. */
  mssClamped: number
  /** Times the loop guard blocked this port. */
  loopBlocks: number
  /** errno of the newest refused frame; 0: none. */
  lastErrno: number
}

const index = new Map(counterNames.map((name, i) => [name, i]))
const dropNames = (direction: string) =>
  counterNames.filter((name) => name.startsWith(direction)).map((name) => name.slice(direction.length))
const RX_DROPS = dropNames('rx_drops.')
const TX_DROPS = dropNames('tx_drops.')

/** @param block counters in the native order */
export function readStats(block: Float64Array): PortStats {
  const get = (name: string) => block[index.get(name)!]!
  const drops = (direction: string, names: string[]) =>
    Object.fromEntries(names.map((name) => [name, get(`${direction}_drops.${name}`)]))
  return {
    rx: {
      frames: get('rx_frames'),
      octets: get('rx_octets'),
      forwarded: get('forwarded'),
      flooded: get('flooded'),
      unicast: get('unicast'),
      multicast: get('multicast'),
      broadcast: get('broadcast'),
      superFrames: get('rx_super_frames'),
      drops: drops('rx', RX_DROPS),
      kernelDrops: get('kernel_drops'),
      notLearned: get('not_learned'),
    },
    tx: {
      picked: get('picked'),
      frames: get('tx_frames'),
      octets: get('tx_octets'),
      superFrames: get('tx_super_frames'),
      queued: get('queued'),
      drops: drops('tx', TX_DROPS),
      fragmented: get('fragmented'),
    },
    reopened: get('reopened'),
    reconnects: get('reconnects'),
    refusedClients: get('refused_clients'),
    offloadFailures: get('offload_failures'),
    mssClamped: get('mss_clamped'),
    loopBlocks: get('loop_blocks'),
    lastErrno: get('last_errno'),
  }
}

/** A block for the native counters. */
export const newBlock = () => new Float64Array(counterNames.length)

/** Counters of two ports together; the newest errno is the first's, if it has one. */
export function sumStats(one: PortStats, other: PortStats | undefined): PortStats {
  if (other === undefined) return one
  return { ...(sum(one, other) as PortStats), lastErrno: one.lastErrno || other.lastErrno }
}

function sum(one: object, other: object): object {
  const more = other as Record<string, number | object>
  return Object.fromEntries(
    Object.entries(one as Record<string, number | object>).map(([key, value]) => [
      key,
      typeof value === 'number' ? value + (more[key] as number) : sum(value, more[key] as object),
    ]),
  )
}
