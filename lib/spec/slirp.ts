/**
 * `slirp,MAC,PROGRAM[,ARG…]`: a program that takes and gives IPv4 packets in SLIP on its standard input and output, joined to an
 * Ethernet. Source: arch/um/drivers/slirp_kern.c and slirp_user.c in Linux 6.1, also for the underscore and the 99 arguments.
 */

import { stationMac } from './address.js'
import type { InputOf, Transport } from './grammar.js'
import { checkGateway, hostAddressV4, hostIpv4, ipv4Net, USUAL_IP_MTU } from './ip_line.js'
import type { IpLine } from './ip_line.js'
import { onOff, packetMtu } from './kinds.js'
import type { Kind } from './kinds.js'
import { checkText, refuse, refuseField, refuseType } from './refuse.js'
import type { Place } from './refuse.js'

/** A normalised `slirp` spec. */
export interface SlirpSpec extends IpLine {
  transport: 'slirp'
  /** The program's name, looked for in PATH, or its path. Left out: `slirp-fullbolt` if it is installed, else `slirp`. */
  program?: string
  /** What it is started with. */
  args?: string[]
  /** When the program ends, start it again (after 0.1 s, then twice as long each time, up to 5 s) instead of closing. Default true. */
  reconnect: boolean
}

export type SlirpObject = InputOf<SlirpSpec>

/** SLIRP_MAX_ARGS, without the program. */
const MAX_ARGS = 99
/** The alias of slirp's host, and the gateway of those behind it. */
const SLIRP_HOST = '10.0.2.2'

/** In a string `_` is a space, as UML has it; so no text with `_` can be given. */
function word(empty: 'may be empty' | 'not empty'): Kind<string> {
  const check = (text: string, place: Place) => {
    checkText(text, place)
    if (text === '' && empty === 'not empty')
      refuse(place, text, 'is empty: leave the key out for the default')
    const bad = text.includes(',')
      ? 'a comma, which ends the field'
      : text.includes('_')
        ? 'an underscore, which means a space'
        : ''
    if (bad !== '') refuse(place, text, `has ${bad} in UML's grammar: use a link or script of another name`)
    return text
  }
  return {
    fromText: (text, place) => check(text.replaceAll('_', ' '), place),
    fromValue: (value, place) =>
      typeof value === 'string' ? check(value, place) : refuseType(place, value, 'a string'),
    print: (value) => value.replaceAll(' ', '_'),
  }
}

export const slirp: Transport<SlirpObject, SlirpSpec> = {
  name: 'slirp',
  example: { transport: 'slirp' },
  stationMac: true,
  fields: [
    { name: 'mac', kind: stationMac },
    { name: 'program', kind: word('not empty'), verbatim: true },
  ],
  rest: { name: 'args', kind: word('may be empty') },
  options: [
    { name: 'hostIp', kind: hostIpv4, default: SLIRP_HOST, objectOnly: true },
    { name: 'gateway', kind: hostAddressV4, objectOnly: true },
    { ...packetMtu, default: USUAL_IP_MTU, objectOnly: true },
    { name: 'peer', kind: ipv4Net, objectOnly: true },
    { name: 'reconnect', kind: onOff, default: true, objectOnly: true },
  ],
  complete(spec) {
    checkGateway(spec)
    const { args } = spec
    if (args !== undefined && args.length > MAX_ARGS) {
      refuseField(
        { transport: 'slirp', field: 'args' },
        args,
        `args has ${args.length} arguments: allowed are at most ${MAX_ARGS}, as in UML`,
      )
    }
    if (args?.length !== 0) return spec
    const { args: _, ...plain } = spec
    return plain
  },
}
