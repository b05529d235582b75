/**
 * `ethercast.yaml`: what a host is to look like, as one value. This schema is the only description of the file: the types, the messages
 * and the JSON Schema for editors come from it. Keys of the host are in snake_case; a port of a switch is a spec, text or object.
 */

import * as z from 'zod'
import { account, address, address4, deviceName, guestAddress, guestAddress4, guestPrefix } from './values.js'
import { hostPrefix, label, mode, mtu, net, port } from './values.js'

/** MAX_TAP_QUEUES in drivers/net/tun.c. */
const MAX_QUEUES = 256

/** A key with nothing behind its colon, or none at all, is an empty mapping: `taps:`, `tap0:`. */
const orEmpty = <T extends z.ZodType>(schema: T) =>
  schema.nullable().transform((value): Exclude<z.output<T>, null> => (value ?? schema.parse({})) as never)
/** A mapping of names to things that need nothing more than a name. */
const named = <K extends z.core.$ZodRecordKey, T extends z.ZodType>(name: K, schema: T) =>
  orEmpty(z.record(name, schema)).default({} as never)
const list = <T extends z.ZodType>(schema: T) =>
  z
    .array(schema)
    .nullable()
    .transform((value) => value ?? [])
    .default([])

const tap = z.strictObject({
  addresses: list(hostPrefix).describe("this host's addresses on it"),
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
  host: address4.describe("this host's address on the line (IPv4)"),
  guest: guestAddress4.describe("the guest's address (IPv4)"),
  mtu: mtu.optional().describe('octets of an IP packet; default 1500'),
  owner: account.optional().describe('the user who may open it: name or number'),
  group: account.optional().describe('the group whose members may open it'),
  share_address: z
    .boolean()
    .default(false)
    .describe('`host` may be an address of another device of this host'),
})

const bridge = z.strictObject({
  ports: list(deviceName).describe(
    'devices that are joined; addresses and routes of a NIC move to the bridge',
  ),
  addresses: list(hostPrefix).describe('addresses of its own, besides those that move'),
  mtu: mtu.optional().describe('octets of an IP packet; default the least of its ports'),
  confirm: z
    .boolean()
    .default(false)
    .describe('yes, the NIC that carries the default route may become a port'),
})

const route = z
  .strictObject({
    to: z
      .union([net, z.literal('default')], {
        error: 'is no net: write one such as 198.18.2.0/24 or 2001:db8:2::/64, or default',
      })
      .describe('a net, or default'),
    via: address.optional().describe('the router'),
    device: deviceName.optional().describe('default: the one that `via` is reached by'),
  })
  .refine(({ via, device }) => via !== undefined || device !== undefined, {
    error: 'leads nowhere: give it via: or device:',
  })

const guest = z.strictObject({
  device: deviceName.describe('the tap, line or bridge that it is behind'),
  addresses: z.array(guestPrefix).min(1).describe('its addresses, as it is to have them'),
  lan: deviceName
    .optional()
    .describe('on this device the host answers for the guest: proxy ARP and proxy NDP'),
  gateway: address
    .optional()
    .describe("where its default route leads; default this host, behind a bridge the LAN's router"),
  resolvers: list(address).describe('name servers that it is told to use'),
})

const proxy = z.strictObject({ address: guestAddress, device: deviceName })

const masquerade = z.strictObject({
  from: net.describe('the net of the guests'),
  out: deviceName.describe('the device by which they leave'),
})

const portForward = z.strictObject({
  protocol: z.enum(['tcp', 'udp']).default('tcp'),
  port: port.describe('at this host'),
  device: deviceName.optional().describe('where connections come in; default anywhere'),
  to: guestAddress.describe('the guest'),
  to_port: port.optional().describe('at the guest; default the same'),
})

const switchSchema = z.strictObject({
  forwarding: z.enum(['learning', 'hub']).default('learning'),
  ports: z
    .array(
      z.union([z.string().min(1, { error: 'is empty' }), z.record(z.string(), z.unknown())], {
        error: "is no port: write a spec, such as 'mcast', or a mapping with the key transport",
      }),
    )
    .min(1)
    .describe('specs, as text or as mappings'),
})

export const hostConfigSchema = z.strictObject({
  tun_device: z
    .strictObject({
      group: account.describe('whose members may open it: name or number'),
      mode: mode.default('0660').describe('permission bits, octal, in quotation marks'),
    })
    .optional()
    .describe('who may open /dev/net/tun'),
  taps: named(deviceName, orEmpty(tap)).describe('devices that a guest or a switch opens'),
  slip: named(deviceName, slip).describe('point-to-point lines that carry IPv4 alone'),
  bridges: named(deviceName, orEmpty(bridge)).describe('what joins taps and NICs to one Ethernet'),
  routes: list(route).describe('besides those to the guests, which are made anyway'),
  forwarding: list(z.enum(['ipv4', 'ipv6'])).describe('this host forwards packets between its devices'),
  proxy_arp: list(proxy).describe('addresses that this host answers for (IPv6: proxy NDP)'),
  masquerade: list(masquerade).describe('what leaves by `out` has the address of that device'),
  port_forwards: list(portForward).describe('ports of this host that lead to a guest'),
  guests: named(label, guest).describe('who is behind a device: routes to them, and what to type there'),
  switches: named(label, switchSchema).describe('run by `ethercast up --foreground`'),
})

/** A checked file, every default filled in. */
export type HostConfig = z.output<typeof hostConfigSchema>
/** As a person writes it. */
export type HostConfigInput = z.input<typeof hostConfigSchema>
