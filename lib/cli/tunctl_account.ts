/** How tunctl reads a user or group: a name first, then a number as strtol(3) of base 0 takes it, kept as an int. */

/** @returns a number of 32 bits with its sign; undefined: it is neither */
export function accountWord(text: string, lookUp: (name: string) => number | null): number | undefined {
  return asInt(lookUp(text)) ?? numberOf(text)
}

function asInt(number: number | null): number | undefined {
  return number === null ? undefined : number | 0
}

const MOST = 2n ** 63n - 1n
const LEAST = -(2n ** 63n)

/** Spaces, a sign, then hexadecimal after 0x, octal after 0, else decimal; nothing at all is 0. */
function numberOf(text: string): number | undefined {
  if (text === '') return 0
  const [, sign, digits] = /^[ \t-\r]*([+-]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)$/.exec(text) ?? []
  if (digits === undefined) return undefined
  const isOctal = /^0[0-7]+$/.test(digits)
  const size = BigInt(isOctal ? `0o${digits.slice(1)}` : digits)
  const value = sign === '-' ? -size : size
  return Number(BigInt.asIntN(32, value > MOST ? MOST : value < LEAST ? LEAST : value))
}
