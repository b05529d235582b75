/** The JSON Schema for editors: current, and of one mind with the schema that it is made of, as an independent validator reads it. */

import assert from 'node:assert/strict'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import Ajv from 'ajv'
import { parse } from 'yaml'
import { hostConfigSchema } from '../../lib/host/config.js'
import { hostJsonSchema, hostJsonSchemaText } from '../../lib/host/json_schema.js'
import { EXAMPLE } from '../../scripts/man/file_page.js'
import { ethercast } from '../cli/cli.js'
import { projectRoot } from '../support/child.js'

const committed = () => readFileSync(join(projectRoot, 'schema/ethercast.schema.json'), 'utf8')

describe('the JSON Schema of ethercast.yaml', () => {
  const validate = new Ajv({ allErrors: true }).compile(hostJsonSchema())
  const complaints = (value: unknown) => {
    void validate(value)
    return (validate.errors ?? []).map(({ dataPath, message }) => `${dataPath} ${message}`)
  }

  it('the one in the package is current', () => {
    assert.equal(committed(), hostJsonSchemaText(), 'npm run build:schema brings it up to date')
  })

  it('is what `ethercast schema` prints', async () => {
    const { code, stdout, stderr } = await ethercast('schema')
    assert.equal(code, 0, stderr)
    assert.equal(stdout, committed())
  })

  it('takes what may be written', () => {
    const files: unknown[] = [
      {},
      { taps: null, switches: {} },
      {
        taps: {
          tap0: null,
          tap1: { addresses: ['198.18.1.254/24', '2001:db8::1/64'], owner: 1000, group: 'tun' },
        },
      },
      { switches: { lan: { ports: ['mcast', { transport: 'ucast', remote: '192.0.2.7' }] } } },
      {
        routes: [
          { to: 'default', via: '192.0.2.1' },
          { to: '198.18.2.0/24', device: 'tap0' },
        ],
      },
      parse(EXAMPLE),
    ]
    for (const file of files) {
      assert.deepEqual(complaints(file), [], JSON.stringify(file))
      assert.ok(hostConfigSchema.safeParse(file).success, JSON.stringify(file))
    }
  })

  it('refuses what editors are to mark: unknown keys, wrong types, what is missing or out of range', () => {
    const files: unknown[] = [
      { tabs: {} },
      { taps: { tap0: { adresses: [] } } },
      { taps: { 'a-name-that-is-too-long': {} } },
      { taps: { tap0: { mtu: 67 } } },
      { taps: { tap0: { queues: '2' } } },
      { tun_device: {} },
      { forwarding: ['ipx'] },
      { slip: { sl0: { host: '198.18.1.1' } } },
      { port_forwards: [{ port: 0, to: '198.18.1.5' }] },
      { switches: { lan: { ports: [] } } },
      [],
    ]
    for (const file of files) {
      assert.notDeepEqual(complaints(file), [], JSON.stringify(file))
      assert.ok(!hostConfigSchema.safeParse(file).success, JSON.stringify(file))
    }
  })

  it('takes every file of examples/', () => {
    const folder = join(projectRoot, 'examples')
    const files = (existsSync(folder) ? readdirSync(folder) : []).filter((file) => file.endsWith('.yaml'))
    for (const file of files)
      assert.deepEqual(complaints(parse(readFileSync(join(folder, file), 'utf8'))), [], file)
  })

  it('tells an editor what each key is for', () => {
    const { properties } = hostJsonSchema() as { properties: Record<string, { description?: string }> }
    for (const [key, { description }] of Object.entries(properties)) assert.ok(description, key)
  })
})
