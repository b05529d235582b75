/**
 * `ethercast.yaml`: what a host is to look like, as one value. This schema is the only description of the file: the types, the messages
 * and the JSON Schema for editors come from it. Keys of the host are in snake_case; a port of a switch is a spec, text or object.
 */

import * as z from 'zod'
import { parsePrefix, parseUnicast } from './prefix.js'

/** Longest name of a Linux interface, in octets: IFNAMSIZ without the NUL. */
const MOST_IN_A_NAME = 15
/** What a tap can be given (linux/if_tun.h, drivers/net/tun.c), octets. */
const MIN_MTU = 68
const MAX_MTU = 65_521
/** MAX_TAP_QUEUES in drivers/net/tun.c. */
const MAX_QUEUES = 256
const MAX_PORT = 65_535

const deviceName = z
  .string()
  .max(MOST_IN_A_NAME, { error: `a device's name has at most ${MOST_IN_A_NAME} octets` })
  .regex(/^(?!\.{1,2}$)[\w.-]+$/, {
    error: 'letters, digits, "_", "-" and "." are allowed in a device\'s name',
  })
/** `198.18.1.254/24`, `2001:db8::1/64`; without a length it is one host's: /32, /128. */
const prefix = z.string().refine((text) => parsePrefix(text) !== undefined, {
  error: 'an address with the length of its prefix, such as 198.18.1.254/24 or 2001:db8::1/64',
})
const address = z.string().refine((text) => parseUnicast(text) !== undefined, {
  error: 'an IPv4 or IPv6 address of one host, such as 198.18.1.5',
})
const account = z.union([z.string().min(1), z.int().min(0)])
const mtu = z.int().min(MIN_MTU).max(MAX_MTU)
const port = z.int().min(1).max(MAX_PORT)

const tap = z.strictObject({
  addresses: z.array(prefix).default([]).describe("this host's addresses on it"),
  mtu: mtu.optional().describe('octets of an IP packet; default 1500'),
  owner: account.optional().describe('the user who may open it: name or number'),
  group: account.optional().describe('the group whose members may open it'),
  queues: z
    .int()
    .min(1)
    .max(MAX_QUEUES)
    .default(1)
    .describe('how many programs, or threads of one, may open it at once'),
  share_address: z
    .boolean()
    .default(false)
    .describe('its addresses may be those of another device of this host'),
})

const slip = z.strictObject({
  host: address.describe("this host's address on the line (IPv4)"),
  guest: address.describe("the guest's address (IPv4)"),
  mtu: mtu.optional(),
  owner: account.optional(),
  group: account.optional(),
  share_address: z
    .boolean()
    .default(false)
    .describe('`host` may be an address of another device of this host'),
})

const bridge = z.strictObject({
  ports: z
    .array(deviceName)
    .default([])
    .describe('devices that are joined; addresses and routes of a NIC move to the bridge'),
  addresses: z.array(prefix).default([]).describe('addresses of its own, besides those that move'),
  mtu: mtu.optional(),
  confirm: z
    .boolean()
    .default(false)
    .describe('yes, the NIC that carries the default route may become a port'),
})

const route = z.strictObject({
  to: z.union([prefix, z.literal('default')]),
  via: address.optional(),
  device: deviceName.optional(),
})

const guest = z.strictObject({
  device: deviceName.describe('the tap, line or bridge that it is behind'),
  addresses: z.array(prefix).min(1),
  lan: deviceName
    .optional()
    .describe('on this device the host answers for the guest: proxy ARP and proxy NDP'),
  resolvers: z.array(address).default([]),
})

const proxy = z.strictObject({ address, device: deviceName })

const masquerade = z.strictObject({ from: prefix, out: deviceName })

const portForward = z.strictObject({
  protocol: z.enum(['tcp', 'udp']).default('tcp'),
  port: port.describe('at this host'),
  device: deviceName.optional().describe('where connections come in; default anywhere'),
  to: address.describe('the guest'),
  to_port: port.optional().describe('at the guest; default the same'),
})

const switchSchema = z.strictObject({
  forwarding: z.enum(['learning', 'hub']).default('learning'),
  ports: z.array(z.union([z.string().min(1), z.record(z.string(), z.unknown())])).min(1),
})

export const hostConfigSchema = z.strictObject({
  tun_device: z
    .strictObject({
      group: account,
      mode: z
        .string()
        .regex(/^0?[0-7]{3}$/)
        .default('0660'),
    })
    .optional()
    .describe('who may open /dev/net/tun'),
  taps: z.record(deviceName, tap).default({}),
  slip: z.record(deviceName, slip).default({}).describe('point-to-point lines that carry IPv4 alone'),
  bridges: z.record(deviceName, bridge).default({}),
  routes: z.array(route).default([]),
  forwarding: z
    .array(z.enum(['ipv4', 'ipv6']))
    .default([])
    .describe('this host forwards packets between its devices'),
  proxy_arp: z.array(proxy).default([]).describe('addresses that this host answers for (IPv6: proxy NDP)'),
  masquerade: z.array(masquerade).default([]).describe('what leaves by `out` has the address of that device'),
  port_forwards: z.array(portForward).default([]),
  guests: z
    .record(z.string(), guest)
    .default({})
    .describe('who is behind a device: routes to them, and what to type there'),
  switches: z.record(z.string(), switchSchema).default({}).describe('run by `ethercast up --foreground`'),
})

/** A checked file, every default filled in. */
export type HostConfig = z.output<typeof hostConfigSchema>
/** As a person writes it. */
export type HostConfigInput = z.input<typeof hostConfigSchema>
