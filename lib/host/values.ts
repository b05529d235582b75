/**
 * Kinds of values in ethercast.yaml: names, addresses, nets, accounts. What a refusal says begins with a verb; the value is put in front.
 * Sources: dev_valid_name (net/core/dev.c) and sysctl_dev_name_is_allowed (net/ipv4/devinet.c) in Linux 6.1.
 */

import * as z from 'zod'
import {
  formatIp,
  isIpv4Mapped,
  isLimitedBroadcast,
  isMulticast,
  isUnspecified,
  parseIp,
} from '../spec/ip.js'
import type { IpAddress } from '../spec/ip.js'
import { show } from '../spec/refuse.js'
import type { Prefix } from './prefix.js'
import { bits, isNet, netOf, parsePrefix, prefixOf } from './prefix.js'

/** Longest name of a Linux interface, in octets: IFNAMSIZ without the NUL. */
const MOST_IN_A_NAME = 15
/** What a tap can be given (linux/if_tun.h, drivers/net/tun.c), octets. */
export const MIN_MTU = 68
const MAX_MTU = 65_521
const MAX_PORT = 65_535
/** (uid_t)-1 means "leave it as it is". */
const MAX_ACCOUNT = 0xffff_fffe
/** Of a guest or a switch: it stands in lines that people read. */
const MOST_IN_A_LABEL = 64

/** A string that `complaint` has nothing against; what it says begins with a verb. */
const text = (complaint: (text: string) => string | undefined) =>
  z.string().superRefine((value, context) => {
    const message = complaint(value)
    if (message !== undefined) context.addIssue({ code: 'custom', message })
  })

export const deviceName = z
  .string()
  .min(1, { error: "is empty: a device's name is meant" })
  .max(MOST_IN_A_NAME, {
    error: ({ input }) =>
      `has ${(input as string).length} characters: a device's name has at most ${MOST_IN_A_NAME}`,
  })
  .regex(/^(?!\.{1,2}$)(?!-)[\w.-]*$/, {
    error: 'is no name of a device: allowed are letters, digits, "_", "." and, not in front, "-"',
  })
  .regex(/^(?!(?:all|default|__proto__)$)/, {
    error: 'means something else to the kernel: give it another name',
  })

export const label = z
  .string()
  .regex(/^[\w.-]+$/, { error: 'is no name: allowed are letters, digits, "_", "-" and "."' })
  .max(MOST_IN_A_LABEL, { error: `is too long: a name has at most ${MOST_IN_A_LABEL} characters` })
  .regex(/^(?!__proto__$)/, { error: 'means something else here: give it another name' })

/** `198.18.1.254/24`, `2001:db8::1/64`: a host's address, and the net around it; without a length it is alone (/32, /128). */
export const hostPrefix = text((value) => {
  const prefix = parsePrefix(value)
  const example = 'write it with the length of its prefix, such as 198.18.1.254/24 or 2001:db8::1/64'
  if (prefix === undefined) return `is no address: ${example}`
  return hostComplaint(prefix) ?? lengthComplaint(prefix)
})

/** 127.0.0.0/8 (RFC 1122 section 3.2.1.3), ::1 (RFC 4291 section 2.5.3). */
const isLoopback = ({ family, octets }: IpAddress): boolean =>
  family === 4 ? octets[0] === 127 : octets.every((octet, at) => octet === (at === octets.length - 1 ? 1 : 0))

function loopbackComplaint(value: string): string | undefined {
  const address = parsePrefix(value)?.address
  return address !== undefined && isLoopback(address)
    ? 'is the address of every machine to itself: no guest is reached by it'
    : undefined
}
/** A guest's, by which this host and others reach it. */
const reachable = (schema: ReturnType<typeof text>) =>
  schema.superRefine((value, context) => {
    const message = loopbackComplaint(value)
    if (message !== undefined) context.addIssue({ code: 'custom', message })
  })
export const guestPrefix = reachable(hostPrefix)

/** A net without a host in it, `198.18.1.0/24`; one address is a net too. */
export const net = text((value) => {
  const prefix = parsePrefix(value)
  if (prefix === undefined) return 'is no net: write one such as 198.18.1.0/24 or 2001:db8::/64'
  if (!isNet(prefix)) return `has a host's address in front of the length: the net is ${netOf(prefix).text}`
  return undefined
})

/** One host's address, without a length. */
export const address = text(addressComplaint)

/** The same, IPv4 alone. */
export const address4 = text((value) =>
  parseIp(value)?.family === 6 ? 'is an IPv6 address: this line carries IPv4 alone' : addressComplaint(value),
)

export const guestAddress = reachable(address)
export const guestAddress4 = reachable(address4)

function addressComplaint(value: string): string | undefined {
  const parsed = parseIp(value)
  if (parsed !== undefined && parsed.zone === undefined) {
    return hostComplaint(prefixOf(parsed))
  }
  if (parsed?.zone !== undefined)
    return `has a zone: write ${value.replace(/%.*/s, '')}, and the device where there is a key for it`
  if (parsePrefix(value) !== undefined)
    return `has a length: write ${value.replace(/\/.*/s, '')}, one address without it`
  return 'is no address: write one such as 198.18.1.5 or 2001:db8::5'
}

/** Why no host can have this address. */
function hostComplaint({ address }: Prefix): string | undefined {
  if (isMulticast(address)) return "is a group's address, not a host's"
  if (isUnspecified(address) || (address.family === 4 && address.octets[0] === 0))
    return 'is the address of no host'
  if (isLimitedBroadcast(address)) return 'is the address of every host at once, not of one'
  if (isIpv4Mapped(address))
    return `is an IPv4 address in the clothes of IPv6: write ${formatIp(address).replace('::ffff:', '')}`
  return undefined
}

/** Why this length does not go with this address. RFC 3021 (/31) and RFC 4291 section 2.6.1 (the routers' anycast address). */
function lengthComplaint(prefix: Prefix): string | undefined {
  const { address, length } = prefix
  if (length === 0)
    return `has the length 0, the whole world: ${bits(address)} is one address, 24 or 64 a usual net`
  if (bits(address) - length < 2) return undefined
  const example = `write a host's, such as ${formatIp({ ...address, octets: lastOctet(netOf(prefix).address.octets, 1) })}/${length}`
  if (isNet(prefix)) return `is the address of the net itself: ${example}`
  if (address.family === 4 && isBroadcast(prefix))
    return `is the address of every host of its net: ${example}`
  return undefined
}

const lastOctet = (octets: Uint8Array, plus: number): Uint8Array =>
  octets.map((octet, at) => (at === octets.length - 1 ? octet + plus : octet))

function isBroadcast({ address, length }: Prefix): boolean {
  const value = address.octets.reduce((sum, octet) => sum * 256 + octet, 0)
  return (value + 1) % 2 ** (32 - length) === 0
}

export const account = z.union(
  [
    z.string().regex(/^[^\s:]{1,64}$/, { error: 'is no name of a user or group' }),
    z.int().min(0).max(MAX_ACCOUNT),
  ],
  { error: 'is no user or group: write its name or its number' },
)
export const mtu = z.int().min(MIN_MTU).max(MAX_MTU)
export const port = z.int().min(1).max(MAX_PORT)
export const mode = text((value) =>
  /^0?[0-7]{3}$/.test(value)
    ? undefined
    : `is no mode: write ${show('0660')} in quotation marks, or the like`,
)
