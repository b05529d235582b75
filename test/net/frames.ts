/** Frames written as hex, and waiting for what happens soon. */

import assert from 'node:assert/strict'

/** The octets of a hex string; white space is let be. */
export function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'))
}

/** The octets of all parts, as a plain array. */
export function joined(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}

/** Lets everything that is ready to happen happen. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** Views and arrays alike become plain arrays, for comparing. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_, v: unknown) => (v instanceof Uint8Array ? [...v] : v)))
}

/** Asserts that two values are equal, octets by what they hold. */
export function same(actual: unknown, expected: unknown): void {
  assert.deepEqual(plain(actual), plain(expected))
}
