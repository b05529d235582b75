/**
 * Specs of ports: the string form of User-Mode Linux and the object form, checked, normalised and printed.
 *
 * A new transport is one file here and its entry in `transports`.
 */

import { EthercastError } from './error.js'
import type { AnyTransport, Transport } from './grammar.js'
import { printSpec, readFields, readObject } from './grammar.js'
import { bess } from './bess.js'
import { daemon } from './daemon.js'
import { dgram } from './dgram.js'
import { ethertap } from './ethertap.js'
import { fd } from './fd.js'
import { host } from './host.js'
import { mcast } from './mcast.js'
import { pcap } from './pcap.js'
import { slip } from './slip.js'
import { slirp } from './slirp.js'
import { stream } from './stream.js'
import { switchDaemon } from './switch.js'
import { tuntap } from './tuntap.js'
import { ucast } from './ucast.js'
import { nearest, suggest } from './nearest.js'
import { checkText, describe, refuse, refuseField, refuseType, show } from './refuse.js'

export { EthercastError }
export type { ErrorCode, ErrorDetails } from './error.js'
export { formatMac, macFromIpv4, parseMac, randomMac } from './mac.js'
export type { RandomSource } from './mac.js'
export type { BessObject, BessSpec } from './bess.js'
export type { DaemonObject, DaemonSpec } from './daemon.js'
export type { DgramObject, DgramSpec } from './dgram.js'
export type { EthertapObject, EthertapSpec } from './ethertap.js'
export type { FdObject, FdSpec } from './fd.js'
export type { HostObject, HostSpec } from './host.js'
export type { McastObject, McastSpec } from './mcast.js'
export type { PcapObject, PcapSpec } from './pcap.js'
export type { SlipObject, SlipSpec } from './slip.js'
export type { SlirpObject, SlirpSpec } from './slirp.js'
export type { StreamObject, StreamSpec } from './stream.js'
export type { SwitchObject, SwitchSpec } from './switch.js'
export type { TuntapObject, TuntapSpec } from './tuntap.js'
export type { UcastObject, UcastSpec } from './ucast.js'

const transports = {
  mcast,
  ucast,
  tuntap,
  ethertap,
  daemon,
  switch: switchDaemon,
  slip,
  slirp,
  pcap,
  bess,
  fd,
  stream,
  dgram,
  host,
}

const NAMES = Object.keys(transports).sort()

type Transports = typeof transports
type Given<T> = T extends Transport<infer Input, infer _> ? Input : never
type Normalised<T> = T extends Transport<infer _, infer Spec> ? Spec : never

/** A spec as an object, as it may be given; `transport` says which keys there are. */
export type SpecObject = { [Name in keyof Transports]: Given<Transports[Name]> }[keyof Transports]

/** A validated, normalised spec, every default filled in. Itself a {@link SpecObject}. */
export type PortSpec = { [Name in keyof Transports]: Normalised<Transports[Name]> }[keyof Transports]

/**
 * Reads a spec: `mcast,,239.1.2.3,1102,1,interface=lo`, with or without `ethN=` in front, or the object form of the same.
 *
 * @returns a new object with every default filled in, text in canonical spelling; keys without value or default are not there
 * @throws EthercastError `ERR_ETHERCAST_FIELD`, with `field` and `value`, when the spec says something that is not allowed
 */
export function parseSpec(spec: string | SpecObject): PortSpec {
  return read(spec)[1]
}

/**
 * The canonical string of a spec: no `ethN=`, trailing defaults dropped, options sorted by key and without those equal to the default.
 * Reading and formatting it again gives the same string. Options that only the object form has are not in it.
 *
 * @throws EthercastError as {@link parseSpec}
 */
export function formatSpec(spec: string | SpecObject | PortSpec): string {
  return printSpec(...read(spec))
}

/** What a person should hear about a valid spec, one sentence each: options that do less than one may think. */
export function notices(spec: PortSpec): string[] {
  const transport: AnyTransport = transports[spec.transport]
  return transport.notices?.(spec) ?? []
}

/** Whether a port of this spec only listens: nothing can be sent through it. */
export function isReadOnly(spec: PortSpec): boolean {
  const transport: AnyTransport = transports[spec.transport]
  return transport.readOnly === true
}

/** Whether `mac` is the address of the port itself, which is a station of its own on the LAN. */
export function hasStationMac({ transport }: PortSpec): boolean {
  return (transports[transport] as AnyTransport).stationMac === true
}

function read(spec: unknown): [AnyTransport, PortSpec] {
  if (typeof spec === 'string') return readString(spec)
  if (typeof spec === 'object' && spec !== null && !Array.isArray(spec)) return readGiven(spec)
  return refuseField(
    { transport: 'spec', field: 'spec' },
    spec,
    `a spec is a string or an object, not ${describe(spec)}: write 'mcast' or { transport: 'mcast' }`,
  )
}

function readString(text: string): [AnyTransport, PortSpec] {
  checkText(text, { transport: 'spec', field: 'text' })
  const [name, ...parts] = text.replace(/^eth[0-9]+=/, '').split(',') as [string, ...string[]]
  const transport = find(name)
  return [transport, readFields(transport, parts) as PortSpec]
}

function readGiven(object: object): [AnyTransport, PortSpec] {
  const place = { transport: 'spec', field: 'transport' }
  const name: unknown = (object as { transport?: unknown }).transport
  if (name === undefined) {
    const near = Object.keys(object).find((key) => nearest(key, ['transport']) !== undefined)
    const instead = near === undefined ? '' : `, not ${near}`
    return refuseField(
      place,
      name,
      `the key transport is missing: give one${instead}, as in { transport: 'mcast' }`,
    )
  }
  if (typeof name !== 'string') return refuseType(place, name, 'a string', `allowed are ${NAMES.join(', ')}`)
  checkText(name, place)
  const transport = find(name)
  return [transport, readObject(transport, object) as PortSpec]
}

function find(name: string): AnyTransport {
  if (Object.hasOwn(transports, name)) return transports[name as keyof typeof transports]
  const place = { transport: 'spec', field: 'transport' }
  if (name === '')
    return refuseField(place, name, `the transport is missing: allowed are ${NAMES.join(', ')}`)
  const prefix = /^([^=]*)=/.exec(name)?.[1]
  if (prefix !== undefined) {
    return refuseField(
      { transport: 'spec', field: 'prefix' },
      prefix,
      `${show(`${prefix}=`)} is no prefix: allowed is ethN= with N in decimal, as in eth0=, or none`,
    )
  }
  return refuse(place, name, `is unknown: ${suggest(name, NAMES)}`)
}
