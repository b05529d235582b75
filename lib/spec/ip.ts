/**
 * IPv4 and IPv6 addresses as text: strict dotted quads, RFC 4291 section 2.2 with RFC 4007 zones in, RFC 5952 out.
 */

/** An address: 4 or 16 octets in network order, and for IPv6 the zone (interface) it belongs to, if one was written. */
export interface IpAddress {
  family: 4 | 6
  octets: Uint8Array
  zone?: string
}

/** Longest IPv6 text without a zone: six groups and a dotted quad. */
const MAX_IPV6_TEXT = 45

/** The four octets of a dotted quad (decimal, no leading zeros, all four given), or undefined when it is none. */
export function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.length <= 15 ? text.split('.') : []
  if (
    parts.length !== 4 ||
    !parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part) && Number(part) <= 255)
  ) {
    return undefined
  }
  return Uint8Array.from(parts, Number)
}

/** The 16 octets of an IPv6 address without a zone (RFC 4291 section 2.2, all three forms), or undefined. */
export function parseIpv6(text: string): Uint8Array | undefined {
  if (text.length > MAX_IPV6_TEXT) return undefined
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const open = halves.length === 2
  const head = readGroups(halves[0]!, !open)
  const tail = open ? readGroups(halves[1]!, true) : []
  if (head === undefined || tail === undefined) return undefined
  const missing = 8 - head.length - tail.length
  if (open ? missing < 1 : missing !== 0) return undefined
  const groups = [...head, ...Array.from({ length: missing }, () => 0), ...tail]
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]))
}

/** 16-bit groups on one side of `::`. @param last this side ends the address, so that a dotted quad may end it */
function readGroups(text: string, last: boolean): number[] | undefined {
  if (text === '') return []
  const groups: number[] = []
  const parts = text.split(':')
  for (const [index, part] of parts.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(part)) {
      groups.push(parseInt(part, 16))
      continue
    }
    const quad = last && index === parts.length - 1 ? parseIpv4(part) : undefined
    if (quad === undefined) return undefined
    groups.push((quad[0]! << 8) | quad[1]!, (quad[2]! << 8) | quad[3]!)
  }
  return groups
}

/** An address of either family, IPv6 also with `%zone`; undefined when it is none. The zone is not looked at, only not empty. */
export function parseIp(text: string): IpAddress | undefined {
  const quad = parseIpv4(text)
  if (quad !== undefined) return { family: 4, octets: quad }
  const percent = text.indexOf('%')
  const octets = parseIpv6(percent < 0 ? text : text.slice(0, percent))
  if (octets === undefined) return undefined
  if (percent < 0) return { family: 6, octets }
  const zone = text.slice(percent + 1)
  return zone === '' ? undefined : { family: 6, octets, zone }
}

/** The canonical text: a dotted quad, or RFC 5952 (lower case, longest run of zero groups cut, IPv4-mapped mixed). */
export function formatIp(address: IpAddress): string {
  if (address.family === 4) return address.octets.join('.')
  const text = formatIpv6(address.octets)
  return address.zone === undefined ? text : `${text}%${address.zone}`
}

/** RFC 5952 text of 16 octets. */
export function formatIpv6(octets: Uint8Array): string {
  if (isIpv4Mapped({ family: 6, octets })) return `::ffff:${octets.subarray(12).join('.')}`
  const groups = Array.from({ length: 8 }, (_, index) => (octets[2 * index]! << 8) | octets[2 * index + 1]!)
  const [start, length] = longestZeroRun(groups)
  const hex = groups.map((group) => group.toString(16))
  // Section 4.2.2: a single zero group is not shortened.
  if (length < 2) return hex.join(':')
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`
}

/** Start and length of the longest run of zeros; the first of equals (RFC 5952 section 4.2.3). */
function longestZeroRun(groups: readonly number[]): [start: number, length: number] {
  let best: [number, number] = [0, 0]
  let start = 0
  for (const [index, group] of groups.entries()) {
    if (group !== 0) start = index + 1
    else if (index + 1 - start > best[1]) best = [start, index + 1 - start]
  }
  return best
}

/** 224/4 or ff00::/8. */
export function isMulticast({ family, octets }: IpAddress): boolean {
  return family === 4 ? octets[0]! >> 4 === 0xe : octets[0] === 0xff
}

/** 0.0.0.0 or `::`. */
export function isUnspecified({ octets }: IpAddress): boolean {
  return octets.every((octet) => octet === 0)
}

/** 255.255.255.255, every host of the link. */
export function isLimitedBroadcast({ family, octets }: IpAddress): boolean {
  return family === 4 && octets.every((octet) => octet === 255)
}

/** ::ffff:0:0/96, an IPv4 address written as an IPv6 one (RFC 4291 section 2.5.5.2). */
export function isIpv4Mapped({ family, octets }: IpAddress): boolean {
  return (
    family === 6 &&
    octets.subarray(0, 10).every((octet) => octet === 0) &&
    octets[10] === 0xff &&
    octets[11] === 0xff
  )
}

/** fe80::/10, unicast that has a meaning on one link only. */
export function isLinkLocalUnicast({ family, octets }: IpAddress): boolean {
  return family === 6 && octets[0] === 0xfe && octets[1]! >> 6 === 2
}
