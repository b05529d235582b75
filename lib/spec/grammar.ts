/**
 * The grammar of User-Mode Linux's `ethN=TRANSPORT,FIELD,…` with `key=value` options after the fields, and the object form of the
 * same, both driven by one table a transport. Source: the UML HOWTO, and arch/um/drivers/net_kern.c in Linux 6.1.
 */

import type { Kind } from './kinds.js'
import { suggest } from './nearest.js'
import { refuse, refuseField, refuseType } from './refuse.js'
import type { Place } from './refuse.js'

/** One field or option of the specs of one transport. */
interface FieldOf<Name, T> {
  /** Key of the object form; of the string form too when it is an option. */
  name: Name
  kind: Kind<T>
  /** The value when it is left out. Without one the key is left out of the normalised object as well. */
  default?: T
  /** It must be given. */
  required?: boolean
  /** In a string it is taken as it stands, even if it looks like `key=value`. For fields by position that hold free text. */
  verbatim?: boolean
  /** All the texts it takes. Fields that have them may change places with each other in a string; they stand side by side. */
  words?: readonly string[]
  /** An option that only the object form has, since a string can't tell it from a field. */
  objectOnly?: boolean
}

/** A field for one of the keys of `Spec`. */
export type Field<Spec> = {
  [Name in Exclude<keyof Spec, 'transport'> & string]-?: FieldOf<Name, NonNullable<Spec[Name]>>
}[Exclude<keyof Spec, 'transport'> & string]

/**
 * All there is to say about the specs of one transport.
 *
 * @typeParam Input the object form as it may be given
 * @typeParam Spec the normalised object, every default filled in
 */
export interface Transport<Input extends object, Spec extends object> {
  name: string
  /** The shortest useful spec, shown in messages. */
  example: Input
  /** Fields by position, in order. */
  fields: readonly Field<Spec>[]
  /** Fields by key, after those by position. A field may be in both lists: it is then printed by position. */
  options: readonly Field<Spec>[]
  /** Takes every field after those by position, as it stands; a list in the object form. There are then no options in a string. */
  rest?: { name: Exclude<keyof Spec, 'transport'> & string; kind: Kind<string> }
  /** Its ports only listen: nothing can be sent through them. */
  readOnly?: true
  /** The port is a station of its own on the LAN, and `mac` is its address; else `mac` is that of a host port that a helper makes. */
  stationMac?: boolean
  /** Checks fields against each other, and returns the spec with what one says about another settled. */
  complete?(spec: Spec): Spec
  /** What a person should hear about a valid spec, one sentence each. */
  notices?(spec: Spec): string[]
}

/** The object form as it may be given: everything optional but the transport and `Required`; an interface also by number. */
export type InputOf<Spec extends { transport: string }, Required extends keyof Spec = never> = Pick<
  Spec,
  'transport' | Required
> & {
  [Name in keyof Omit<Spec, 'transport' | Required>]?: Name extends 'interface' ? string | number : Spec[Name]
}

/** A transport as the grammar sees it: names and kinds, whatever they are. */
export interface AnyTransport {
  name: string
  example: object
  fields: readonly AnyField[]
  options: readonly AnyField[]
  rest?: { name: string; kind: Kind<string> }
  readOnly?: true
  stationMac?: boolean
  complete?(spec: object): object
  notices?(spec: object): string[]
}

type AnyField = FieldOf<string, unknown>
type Values = Record<string, unknown>

/**
 * Reads the fields of a spec string.
 *
 * A field is an option if, and only if, it is `key=` with a key of the transport's options; the first one ends the fields by position.
 * What looks like an option with another key is refused, except in verbatim fields, which are never options.
 *
 * @param parts what stands after the name of the transport, split at commas
 * @returns the normalised object
 * @throws EthercastError `ERR_ETHERCAST_FIELD`
 */
export function readFields(transport: AnyTransport, parts: readonly string[]): object {
  const values: Values = {}
  let firstOption: string | undefined
  const { rest } = transport
  const own = rest === undefined ? parts : parts.slice(0, transport.fields.length)
  const more = parts.slice(own.length)
  if (rest !== undefined && more.length > 0) {
    values[rest.name] = more.map((part) => rest.kind.fromText(part, place(transport, rest.name)))
  }
  for (const [index, part] of own.entries()) {
    const verbatim = firstOption === undefined && transport.fields[index]?.verbatim === true
    const [key, text] = verbatim ? [undefined, part] : splitKey(part)
    const option = transport.options.find(({ name }) => name === key)
    if (option?.objectOnly) {
      refuseField(
        place(transport, option.name),
        text,
        `option ${option.name} is for the object form alone, as in { transport: '${transport.name}', ${option.name}: … }`,
      )
    }
    if (option !== undefined) {
      readOption(transport, option, text, values)
      firstOption ??= option.name
      continue
    }
    if (key !== undefined) refuseKey(transport, key, text)
    if (firstOption !== undefined) refuseLate(transport, part, firstOption)
    const field = transport.fields[index] ?? refuseExtra(transport, part)
    if (part === '') continue
    if (field.words === undefined)
      values[field.name] = field.kind.fromText(part, place(transport, field.name))
    else readWord(transport, part, values)
  }
  return fill(transport, values)
}

/**
 * Reads the object form of a spec.
 *
 * @returns the normalised object, a new one
 * @throws EthercastError `ERR_ETHERCAST_FIELD`
 */
export function readObject(transport: AnyTransport, object: object): object {
  const fields = [...transport.fields, ...transport.options]
  const values: Values = {}
  for (const [key, value] of Object.entries(object) as [string, unknown][]) {
    if (key === 'transport' || value === undefined) continue
    if (key === transport.rest?.name) {
      values[key] = readList(transport.rest.kind, value, place(transport, key))
      continue
    }
    const field = fields.find(({ name }) => name === key)
    if (field === undefined) {
      const names = [...new Set(fields.map(({ name }) => name))].sort()
      return refuseField(
        place(transport, key),
        value,
        `key ${JSON.stringify(key.slice(0, 60))} is unknown: ${suggest(key, names)}`,
      )
    }
    values[key] = field.kind.fromValue(value, place(transport, key))
  }
  return fill(transport, values)
}

function readList(kind: Kind<string>, value: unknown, where: Place): string[] {
  if (!Array.isArray(value)) return refuseType(where, value, 'a list of strings')
  return value.map((each: unknown) => kind.fromValue(each, where))
}

/**
 * The canonical string of a normalised spec: trailing defaults dropped, options that are not the default sorted by key; options that only
 * the object form has are left out.
 */
export function printSpec(transport: AnyTransport, spec: object): string {
  const values = spec as Values
  const isDefault = (field: AnyField) =>
    values[field.name] === undefined || values[field.name] === field.default
  const print = ({ name, kind }: AnyField) => (values[name] === undefined ? '' : kind.print(values[name]))
  const rest = transport.rest === undefined ? [] : ((values[transport.rest.name] ?? []) as string[])
  const last = transport.fields.findLastIndex((field) => !isDefault(field)) + 1
  const options = transport.options.filter(
    (field) => !isDefault(field) && !field.objectOnly && !transport.fields.includes(field),
  )
  // Where a verbatim field may stand an option can't.
  const verbatim =
    options.length === 0 ? 0 : transport.fields.findLastIndex((field) => field.verbatim === true) + 1
  const given = rest.length > 0 ? transport.fields.length : Math.max(last, verbatim)
  return [
    transport.name,
    ...transport.fields.slice(0, given).map(print),
    ...rest.map((text) => transport.rest!.kind.print(text)),
    ...options.map((option) => `${option.name}=${print(option)}`).sort(),
  ].join(',')
}

/** Key and text of `key=text`; no key when it does not look like one. */
function splitKey(part: string): [key: string | undefined, text: string] {
  const match = /^([a-z][\w-]*)=(.*)$/is.exec(part)
  return match === null ? [undefined, part] : [match[1], match[2]!]
}

function readOption(transport: AnyTransport, option: AnyField, text: string, values: Values): void {
  const where = place(transport, option.name)
  if (option.name in values) {
    refuseField(where, text, `option ${option.name} is given twice: keep one of them`)
  }
  if (text === '') {
    refuseField(where, text, `option ${option.name} is empty: give a value, or leave ${option.name}= out`)
  }
  values[option.name] = option.kind.fromText(text, where)
}

/** One of the words that stand in any order: it says itself which field it is for. */
function readWord(transport: AnyTransport, word: string, values: Values): void {
  const field = transport.fields.find(({ words }) => words?.includes(word))
  if (field === undefined) {
    const words = transport.fields.flatMap((each) => each.words ?? [])
    return refuse(place(transport, 'option'), word, `is unknown: ${suggest(word, words)}`)
  }
  const where = place(transport, field.name)
  if (field.name in values) {
    refuseField(where, word, `${word} says again what ${field.words!.join(' or ')} says: keep one of them`)
  }
  values[field.name] = field.kind.fromText(word, where)
}

function refuseKey(transport: AnyTransport, key: string, text: string): never {
  const index = transport.fields.findIndex(({ name }) => name === key)
  if (index >= 0) {
    refuseField(
      place(transport, key),
      text,
      `${key} has a place, not a key: write ${transport.name}${','.repeat(index + 1)}${text.slice(0, 60)}`,
    )
  }
  const names = transport.options.map(({ name }) => name).sort()
  return refuseField(
    place(transport, key),
    text,
    `option ${key.slice(0, 60)} is unknown: ${suggest(key, names)}`,
  )
}

function refuseLate(transport: AnyTransport, part: string, option: string): never {
  const where = place(transport, 'field')
  if (part === '') refuseField(where, part, `an empty field follows ${option}=: leave out the comma`)
  return refuse(where, part, `stands after ${option}=: fields by position come before the options`)
}

function refuseExtra(transport: AnyTransport, part: string): never {
  const names = transport.fields.map(({ name }) => name)
  if (names.length === 0) {
    const keys = transport.options.map(({ name }) => name).sort()
    return refuse(
      place(transport, 'extra field'),
      part,
      `has no key: allowed are ${keys.join(', ')}, each as key=value`,
    )
  }
  const options = transport.options.length === 0 ? '' : ', then options as key=value'
  return refuse(
    place(transport, 'extra field'),
    part,
    `stands after the last one: allowed are ${names.join(', ')}${options}`,
  )
}

function fill(transport: AnyTransport, values: Values): object {
  const spec: Values = { transport: transport.name }
  for (const { name, default: fallback, required } of [...transport.fields, ...transport.options]) {
    const value = values[name] ?? fallback
    if (value !== undefined) spec[name] = value
    else if (required) {
      const example = printSpec(transport, transport.example)
      refuseField(place(transport, name), value, `${name} is missing: give one, as in ${example}`)
    }
  }
  const rest = transport.rest === undefined ? undefined : values[transport.rest.name]
  if (rest !== undefined) spec[transport.rest!.name] = rest
  return transport.complete?.(spec) ?? spec
}

function place(transport: AnyTransport, field: string) {
  return { transport: transport.name, field }
}
