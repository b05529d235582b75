// What the processes of a wire case tell one another.

/** Where a case takes place. */
export interface Place {
  group: string
  port: number
  /** Octets to ask for as SO_RCVBUF and SO_SNDBUF. */
  buffer: number
}

export type ReceiverStyle = 'views' | 'offsets' | 'poll'

/** How a receiver stands. */
export interface Received {
  frames: number
  /** Sum over the destination MACs: what the handler has to show for it. */
  check: number
  /** SO_RCVBUF as the kernel gives it, in octets. */
  buffer: number
}

export interface SendOrder {
  /** Octets of a frame. */
  length: number
  /** Frames per second; 0: as many as go. */
  rate: number
  ms: number
}

export interface Sent {
  /** Frames that the API accepted. */
  frames: number
  /** How long that took. */
  ms: number
}

/** User and system time of this whole process, all threads, in microseconds (getrusage). */
export function cpuUs(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}
