/**
 * How a spec is refused: one place for the wording, so that every message reads `transport: field value why: what is allowed`.
 */

import { EthercastError } from './error.js'

/** Where in a spec something was found: for messages, and for `field` of the error. */
export interface Place {
  /** Name of the transport, or `spec` while it is not known yet. */
  transport: string
  /** Name of the field or option, as in the object form. */
  field: string
}

/** Longest value, in characters, that a message repeats in full. */
const SHOWN = 60

/**
 * Refuses a value that is there but not allowed: `mcast: port 70000 is out of range: …`.
 *
 * @param why begins with a verb and ends with what is allowed or what to do
 * @throws EthercastError `ERR_ETHERCAST_FIELD`, with `field` and `value`
 */
export function refuse(place: Place, value: unknown, why: string): never {
  return refuseField(place, value, `${place.field} ${show(value)} ${why}`)
}

/** Refuses with a text of its own after the name of the transport, where `field value why` would not read well. */
export function refuseField(place: Place, value: unknown, text: string): never {
  throw new EthercastError('ERR_ETHERCAST_FIELD', `${place.transport}: ${text}`, {
    field: place.field,
    value,
  })
}

/** Refuses a value of the object form that has the wrong type. @param hint says what to write instead */
export function refuseType(place: Place, value: unknown, wanted: string, hint = ''): never {
  const more = hint === '' ? '' : `: ${hint}`
  return refuseField(place, value, `${place.field} must be ${wanted}, not ${describe(value)}${more}`)
}

/** A value as it appears in a message: bare where that is clear, else quoted, shortened where it is long. */
export function show(value: unknown): string {
  if (typeof value !== 'string') return describe(value)
  const shown = value.length > SHOWN ? `${value.slice(0, SHOWN)}…` : value
  return /^[\w.:%+/=@-]+…?$/.test(shown) ? shown : JSON.stringify(shown)
}

/** Value and type in words: `the string "1102"`, `an array`, `null`. Numbers stand for themselves. */
export function describe(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  switch (typeof value) {
    case 'string':
      return `the string ${JSON.stringify(value.length > SHOWN ? `${value.slice(0, SHOWN)}…` : value)}`
    case 'number':
    case 'boolean':
    case 'undefined':
      return String(value)
    case 'object':
      return 'an object'
    default:
      return `a ${typeof value}`
  }
}

/** Longest string, in characters (UTF-16 code units), that is looked at: a whole spec, or one value of the object form. */
export const MAX_TEXT = 4096

/**
 * Refuses text that no spec can hold: too long, or with a control character, a line break or half a surrogate pair.
 *
 * @throws EthercastError `ERR_ETHERCAST_FIELD`
 */
export function checkText(text: string, place: Place): void {
  if (text.length > MAX_TEXT) {
    refuseField(
      place,
      text,
      `${place.field} has ${text.length} characters, too many: allowed are at most ${MAX_TEXT}`,
    )
  }
  const bad = /[\p{Cc}\p{Cs}\u2028\u2029]/u.exec(text)
  if (bad === null) return
  const code = bad[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')
  refuseField(
    place,
    text,
    `${place.field} has the character U+${code} at position ${bad.index + 1}: ` +
      'allowed is one line without control characters',
  )
}
