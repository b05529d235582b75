// What is measured on the wire, and against what.

export interface Side {
  script: string
  options: object
}

export interface WireCase {
  direction: 'receive' | 'send'
  name: string
  /** The process that is measured. */
  measured: Side
  /** The one at the other end: the same for all cases of a direction. */
  other: Side
}

/** Ratios are to the case of this name in the same direction. */
export const BASELINE = 'dgram'

const load: Side = { script: 'wire/send_ethercast.ts', options: {} }
const counter: Side = { script: 'wire/receive_ethercast.ts', options: { style: 'poll' } }

const receive = (name: string, script: string, style?: string): WireCase => ({
  direction: 'receive',
  name,
  measured: { script, options: { style } },
  other: load,
})

const send = (name: string, script: string, options: object = {}): WireCase => ({
  direction: 'send',
  name,
  measured: { script, options },
  other: counter,
})

export const wireCases: readonly WireCase[] = [
  receive(BASELINE, 'wire/receive_dgram.ts'),
  receive('ethercast frames(), views', 'wire/receive_ethercast.ts', 'views'),
  receive('ethercast frames(), offsets', 'wire/receive_ethercast.ts', 'offsets'),
  receive('ethercast read() every ms', 'wire/receive_ethercast.ts', 'poll'),
  send(BASELINE, 'wire/send_dgram.ts', { member: false }),
  send('dgram, hears the group too', 'wire/send_dgram.ts', { member: true }),
  send('ethercast send(array)', 'wire/send_ethercast.ts'),
]

/** Octets of a frame. */
export const LENGTHS = [64, 1514]
