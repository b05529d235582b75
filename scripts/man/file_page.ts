// ethercast.yaml(5): every key of the schema, with what it takes.
import { hostJsonSchema, type JsonSchema } from '../../lib/host/json_schema.js'
import type { Imprint, PageName } from './command_page.js'
import { reference } from './command_page.js'
import { bold, italic, literal, Page, prose } from './roff.js'

/** A whole file, small; a test reads it with the schema. */
export const EXAMPLE = `tun_device: { group: tun }
taps:
  tap0: { addresses: [198.18.1.254/24], group: tun }
forwarding: [ipv4]
masquerade:
  - { from: 198.18.1.0/24, out: eth0 }
port_forwards:
  - { port: 8080, to: 198.18.1.5, to_port: 80 }
guests:
  web: { device: tap0, addresses: [198.18.1.5/24] }
switches:
  lan: { ports: [mcast, 'switch,,unix,/run/uml-lan.ctl'] }
`

const INTRODUCTION = [
  'One file says what a host is to look like for its guests; `ethercast plan` shows what that means here, `ethercast up` makes it so, ' +
    '`ethercast down` puts back what was there before. It is YAML; every key may be left out. It is looked for as ./ethercast.yaml, then ' +
    'as /etc/ethercast/ethercast.yaml; -c names another one.',
  'Addresses are IPv4 or IPv6, with the length of their prefix, as in 198.18.1.254/24; without a length an address is that of one host. ' +
    'Names of devices have at most 15 octets.',
]

export function filePage(name: PageName, others: readonly PageName[], { date, version }: Imprint): string {
  const page = new Page(name.name, name.section, date, version)
  page.section('Name').line(`${literal(name.name)} \\- what a host is to look like, for ethercast`)
  page.section('Description')
  for (const text of INTRODUCTION) page.paragraph(prose(text))
  page.section('Keys')
  for (const [key, schema] of Object.entries(properties(hostJsonSchema()))) {
    page.subsection(key)
    addKey(page, schema)
  }
  page.section('Example').verbatim(EXAMPLE.trimEnd().split('\n'))
  page
    .section('Files')
    .item(italic('/etc/ethercast/ethercast.yaml'), 'the file of this host')
    .item(italic('ethercast.schema.json'), 'for editors, in the package, and as \\fBethercast schema\\fR prints it')
  page.section('See also').line(
    others
      .filter((other) => other.name !== name.name)
      .map(reference)
      .join(', '),
  )
  return page.toString()
}

/** A key that may be empty is one of its value or null. */
function bare(schema: JsonSchema): JsonSchema {
  const choices = (schema.anyOf ?? [])
  const real = choices.filter(({ type }) => type !== 'null')
  return real.length === 1 && choices.length === 2
    ? { ...bare(real[0]!), ...(schema.description === undefined ? {} : { description: schema.description }) }
    : schema
}

const properties = (schema: JsonSchema) => (bare(schema).properties ?? {}) as Record<string, JsonSchema>

/** What a top key holds: keys of its own, a mapping of names, or a list. */
function addKey(page: Page, key: JsonSchema): void {
  const schema = bare(key)
  const inner = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : schema.items
  const of = inner === undefined ? schema : bare(inner as JsonSchema)
  const shape =
    schema.items !== undefined ? `A list of ${kindOf(of)}` : inner !== undefined ? 'A mapping: of each name' : ''
  const text = [key.description ?? '', shape].filter(Boolean).join('. ')
  page.paragraph(prose(`${capital(text)}${Object.keys(properties(of)).length > 0 && shape !== '' ? ', with' : ''}:`.replace(/(?<!with):$/, '.')))
  const required = (of.required ?? [])
  for (const [name, value] of Object.entries(properties(of)))
    page.item(`${bold(name)}: ${prose(kindOf(bare(value)))}`, prose(meaning(bare(value), value, required.includes(name))))
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

function meaning(schema: JsonSchema, described: JsonSchema, isRequired: boolean): string {
  const fallback = described.default ?? schema.default
  const isTold = fallback !== undefined && JSON.stringify(fallback) !== '[]' && fallback !== false
  return [
    described.description ?? '',
    isRequired ? '(must be there)' : '',
    isTold ? `(default ${JSON.stringify(fallback)})` : '',
  ]
    .filter(Boolean)
    .join(' ')
}

/** Numbers of users and groups have no limit worth telling. */
const MOST_ID = 2 ** 32 - 2

/** What is to be written there, in a word or two. */
function kindOf(given: JsonSchema): string {
  const schema = bare(given)
  const choices = (schema.anyOf ?? [])
  if (choices.length > 0) return [...new Set(choices.map(kindOf))].join(' or ')
  if (schema.const !== undefined) return String(schema.const)
  if (schema.enum !== undefined) return (schema.enum as unknown[]).join(' or ')
  if (schema.type === 'array') return `list of ${kindOf(schema.items as JsonSchema)}`
  if (schema.type === 'object') return Object.keys(properties(schema)).length > 0 ? 'mappings' : 'mapping'
  if (schema.type === 'boolean') return 'true or false'
  if (schema.type !== 'integer') return 'text'
  return schema.maximum === undefined || schema.maximum >= MOST_ID ? 'number' : `${schema.minimum ?? 0} to ${schema.maximum}`
}
