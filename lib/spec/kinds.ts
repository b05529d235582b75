/**
 * Kinds of plain values: how a number, a size, a word or a switch is read from a spec string or object, and printed.
 */

import { suggest } from './nearest.js'
import { checkText, refuse, refuseType } from './refuse.js'
import type { Place } from './refuse.js'

/** How values of one kind are read and printed. What `print` gives, `fromText` reads back as the same value. */
export interface Kind<T> {
  /** Reads a field of a spec string, not empty. @throws EthercastError `ERR_ETHERCAST_FIELD` */
  fromText(text: string, place: Place): T
  /** Reads a value of a spec object. @throws EthercastError `ERR_ETHERCAST_FIELD` */
  fromValue(value: unknown, place: Place): T
  /** Canonical text; holds no comma. */
  print(value: T): string
}

/** A kind whose values are strings in both forms. @param read checks the text and returns its canonical spelling */
export function textKind(read: (text: string, place: Place) => string): Kind<string> {
  return {
    fromText: read,
    fromValue: (value, place) => read(expectString(value, place), place),
    print: (value) => value,
  }
}

/** The value itself if it is a string that a spec can hold. */
export function expectString(value: unknown, place: Place): string {
  if (typeof value !== 'string') {
    return refuseType(place, value, 'a string', typeof value === 'number' ? 'put it in quotes' : '')
  }
  checkText(value, place)
  if (value === '') refuse(place, value, 'is empty: leave the key out for the default')
  return value
}

/** Whole numbers from `min` to `max`; in text decimal digits only, no sign and no leading zeros. */
export function integer(min: number, max: number): Kind<number> {
  const allowed = `allowed are ${min} to ${max}`
  return {
    fromText(text, place) {
      if (!/^(0|[1-9][0-9]*)$/.test(text)) refuse(place, text, `is not a plain decimal number: ${allowed}`)
      const value = Number(text)
      return value >= min && value <= max ? value : refuse(place, text, `is out of range: ${allowed}`)
    },
    fromValue(value, place) {
      if (typeof value !== 'number') {
        const bare = typeof value === 'string' && /^[0-9]{1,10}$/.test(value)
        return refuseType(place, value, 'a number', bare ? `write ${value} without quotes` : allowed)
      }
      if (!Number.isInteger(value)) refuse(place, value, `is not a whole number: ${allowed}`)
      // Adding 0 turns -0 into 0.
      return value >= min && value <= max ? value + 0 : refuse(place, value, `is out of range: ${allowed}`)
    },
    print: String,
  }
}

/** Octets of an IP packet: 68 is the least that IPv4 forwards whole (RFC 791); a frame has at most 65535 with its header of 14. */
export const PACKET_MTU = [68, 65521] as const

/** The option that limits the IP packets within frames which may have any size. */
export const packetMtu = { name: 'mtu', kind: integer(...PACKET_MTU) } as const

const UNITS: Readonly<Record<string, number>> = { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 }

/** A size in octets; in text also with a suffix k, M or G (powers of 1024). Prints a plain number. */
export function octets(min: number, max: number): Kind<number> {
  const plain = integer(min, max)
  return {
    ...plain,
    fromText(text, place) {
      const match = /^(0|[1-9][0-9]*)([kmg]?)$/i.exec(text)
      if (match === null) {
        return refuse(
          place,
          text,
          `is not a size in octets: allowed are ${min} to ${max}, also with k, M or G, as in 4M`,
        )
      }
      const value = Number(match[1]) * (UNITS[match[2]!.toLowerCase()] ?? 1)
      return value >= min && value <= max
        ? value
        : refuse(place, text, `is out of range: allowed are ${min} to ${max} octets`)
    },
  }
}

/** One of a few words. */
export function choice<T extends string>(...words: T[]): Kind<T> {
  const read = (text: string, place: Place) =>
    words.find((word) => word === text) ?? refuse(place, text, `is unknown: ${suggest(text, words)}`)
  return {
    fromText: read,
    fromValue(value, place) {
      if (typeof value === 'string') return read(expectString(value, place), place)
      return refuseType(place, value, 'a string', `allowed are ${quoted(words)}`)
    },
    print: String,
  }
}

/** One of a few words, or a whole number from `min` to `max`. */
export function choiceOrInteger<T extends string>(words: T[], min: number, max: number): Kind<T | number> {
  const word = choice(...words)
  const number = integer(min, max)
  return {
    fromText(text, place) {
      if (words.some((known) => known === text)) return word.fromText(text, place)
      if (/^-?[0-9]/.test(text)) return number.fromText(text, place)
      return refuse(place, text, `is unknown: allowed are ${words.join(', ')} and ${min} to ${max}`)
    },
    fromValue(value, place) {
      if (typeof value === 'number') return number.fromValue(value, place)
      if (typeof value === 'string' && words.some((known) => known === value)) {
        return word.fromValue(value, place)
      }
      return refuseType(
        place,
        value,
        'a word or a number',
        `allowed are ${quoted(words)} and ${min} to ${max}`,
      )
    },
    print: String,
  }
}

/** `on` or `off` in text, a boolean in the object form. */
export const onOff: Kind<boolean> = {
  fromText(text, place) {
    if (text === 'on' || text === 'off') return text === 'on'
    return refuse(place, text, 'is neither on nor off: allowed are on, off')
  },
  fromValue(value, place) {
    return typeof value === 'boolean' ? value : refuseType(place, value, 'true or false')
  },
  print: (value) => (value ? 'on' : 'off'),
}

/** One of two words in text, a boolean in the object form. */
export function eitherWord(yes: string, no: string): Kind<boolean> {
  return {
    fromText: (text, place) => choice(yes, no).fromText(text, place) === yes,
    fromValue: (value, place) => onOff.fromValue(value, place),
    print: (value) => (value ? yes : no),
  }
}

function quoted(words: readonly string[]): string {
  return words.map((word) => `'${word}'`).join(', ')
}
