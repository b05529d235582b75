/** What zod found, said so that a person can mend it: the key, the value, what is allowed, and the key that was probably meant. */

import * as z from 'zod'
import { suggest } from '../spec/nearest.js'
import { describe, show } from '../spec/refuse.js'
import type { Path } from './problems.js'
import { pathText } from './problems.js'

export interface Explained {
  path: Path
  /** It is about the key, not about what it has. */
  aboutKey: boolean
  message: string
}

type Issue = z.core.$ZodIssue

/** @param value the whole of what was checked against `schema` */
export function explain(issue: Issue, value: unknown, schema: z.core.$ZodType): Explained[] {
  const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step))
  const found = at(value, path)
  const say = (message: string): Explained[] => [
    { path, aboutKey: false, message: path.length === 0 ? message : `${pathText(path)}: ${message}` },
  ]
  if (found === undefined && path.length > 0 && issue.code !== 'invalid_key') {
    const parent = pathText(path.slice(0, -1))
    const inside = parent === '' ? '' : ` in ${parent}`
    const kind = issue.code === 'invalid_type' ? `: it is ${KINDS[issue.expected] ?? issue.expected}` : ''
    return [{ path, aboutKey: false, message: `the key ${String(path.at(-1))}${inside} is missing${kind}` }]
  }
  switch (issue.code) {
    case 'unrecognized_keys': {
      const allowed = keysOf(schemaAt(schema, path))
      const inside = path.length === 0 ? '' : ` in ${pathText(path)}`
      return issue.keys.map((key) => ({
        path: [...path, key],
        aboutKey: true,
        message: `unknown key ${show(key)}${inside}: ${suggest(key, allowed)}`,
      }))
    }
    case 'invalid_key': {
      const why = issue.issues[0]?.message ?? 'is not allowed'
      const last = path.at(-1)
      return [{ path, aboutKey: true, message: `${pathText(path.slice(0, -1))}: ${show(last)} ${why}` }]
    }
    case 'invalid_type':
      return say(
        `${said(found)} is not ${KINDS[issue.expected] ?? issue.expected}${hint(found, issue.expected)}`,
      )
    case 'too_small':
    case 'too_big':
      if (issue.origin === 'array') return say('the list is empty: it needs one entry at least')
      if (issue.origin === 'number' || issue.origin === 'int')
        return say(`${said(found)} is ${range(schemaAt(schema, path), issue)}`)
      return say(`${said(found)} ${issue.message}`)
    case 'invalid_value':
      return say(`${said(found)} is not allowed: ${suggest(String(found), issue.values.map(String))}`)
    default:
      // Messages of our own begin with a verb.
      return say(
        typeof found === 'object' && found !== null
          ? `this ${issue.message}`
          : `${said(found)} ${issue.message}`,
      )
  }
}

const KINDS: Record<string, string> = {
  string: 'text',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping of keys',
  record: 'a mapping of names',
}

function said(found: unknown): string {
  if (found === null) return 'nothing'
  if (Array.isArray(found)) return 'a list'
  if (typeof found === 'object') return 'a mapping'
  return typeof found === 'string' ? show(found) : describe(found)
}

/** How to write what was probably meant. */
function hint(found: unknown, expected: string): string {
  if (expected === 'array' && (typeof found === 'string' || typeof found === 'number'))
    return `: write [${String(found)}], or each entry on a line of its own with "- " in front`
  if (expected === 'boolean' && typeof found === 'string' && /^(yes|on|no|off)$/i.test(found))
    return `: write ${/^(yes|on)$/i.test(found) ? 'true' : 'false'}`
  if (expected === 'string' && (typeof found === 'number' || typeof found === 'boolean'))
    return `: write it in quotation marks`
  if (['int', 'number'].includes(expected) && typeof found === 'string' && /^\d+$/.test(found))
    return `: write it without quotation marks`
  if (['object', 'record'].includes(expected) && found === null) return ': leave it out, or give it keys'
  return ''
}

/** `too small: allowed are 68 to 65521`. */
function range(schema: z.core.$ZodType | undefined, issue: Issue): string {
  const { minimum, maximum } = bounds(schema)
  const allowed =
    minimum === undefined
      ? ''
      : maximum === undefined || maximum === Number.MAX_SAFE_INTEGER
        ? `: allowed are ${minimum} and more`
        : `: allowed are ${minimum} to ${maximum}`
  return `${issue.code === 'too_small' ? 'too small' : 'too large'}${allowed}`
}

function bounds(schema: z.core.$ZodType | undefined): { minimum?: number; maximum?: number } {
  const inner = schema === undefined ? undefined : unwrap(schema)
  if (inner instanceof z.ZodUnion) {
    const numbers = inner.options.map((option) => bounds(option))
    return numbers.find(({ minimum }) => minimum !== undefined) ?? {}
  }
  if (!(inner instanceof z.ZodNumber)) return {}
  return { minimum: inner.minValue ?? undefined, maximum: inner.maxValue ?? undefined }
}

function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inner, step) =>
      typeof inner === 'object' && inner !== null && Object.hasOwn(inner, step)
        ? (inner as Record<string | number, unknown>)[step]
        : undefined,
    value,
  )
}

/** The schema below optional, nullable, default and transform. */
function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodPipe) return unwrap(schema.in)
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault)
    return unwrap(schema.unwrap())
  return schema
}

/** The schema of what stands at a place. */
function schemaAt(schema: z.core.$ZodType, path: Path): z.core.$ZodType | undefined {
  let inner: z.core.$ZodType | undefined = schema
  for (const step of path) {
    const outer: z.core.$ZodType | undefined = inner === undefined ? undefined : unwrap(inner)
    if (outer instanceof z.ZodObject) inner = (outer.shape as Record<string, z.core.$ZodType>)[step]
    else if (outer instanceof z.ZodRecord) inner = outer.valueType
    else if (outer instanceof z.ZodArray) inner = outer.element
    else return undefined
  }
  return inner
}

function keysOf(schema: z.core.$ZodType | undefined): string[] {
  const inner = schema === undefined ? undefined : unwrap(schema)
  return inner instanceof z.ZodObject ? Object.keys(inner.shape) : []
}
