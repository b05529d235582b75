/**
 * Big-endian numbers in octet arrays, and a few things that `Uint8Array` lacks. Offsets are the caller's to check.
 */

/** Unsigned 16-bit number in network order at `offset`. */
export function get16(octets: Uint8Array, offset: number): number {
  return (octets[offset]! << 8) | octets[offset + 1]!
}

/** Unsigned 32-bit number in network order at `offset`. */
export function get32(octets: Uint8Array, offset: number): number {
  return get16(octets, offset) * 0x10000 + get16(octets, offset + 2)
}

/** Writes the low 16 bits of `value` in network order. */
export function put16(octets: Uint8Array, offset: number, value: number): void {
  octets[offset] = value >>> 8
  octets[offset + 1] = value
}

/** Whether two arrays hold the same octets. */
export function sameOctets(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** A new array with the octets of all parts, one after the other. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let offset = 0
  for (const part of parts) {
    all.set(part, offset)
    offset += part.length
  }
  return all
}

/** A string that is equal for equal octets: a key for a Map, not for people. */
export function octetsKey(octets: Uint8Array): string {
  return String.fromCharCode(...octets)
}
