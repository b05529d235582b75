// Switch.create: each option that is refused says which field and why.
import assert from 'node:assert/strict'
import { EthercastError, Switch, type SwitchOptions } from '../../lib/index.js'
import { useSwitches } from './lan.js'

describe('Switch.create', () => {
  const switches = useSwitches()

  const allowed: SwitchOptions[] = [
    {},
    { forwarding: 'hub' },
    { forwarding: 'learning', ageingMs: 1, tableSize: 1 },
    { ageingMs: 0.5 + 0.6, tableSize: 2 ** 20 },
    { ageingMs: 1e12 },
    { stationLimit: 1, stormLimit: 1, reserved: 'forward' },
    { stationLimit: 2 ** 20, stormLimit: 1e9, reserved: 'drop' },
    { forwarding: 'hub', stormLimit: 1000 },
    { stationLimit: undefined, stormLimit: undefined, reserved: undefined },
    { forwarding: undefined, ageingMs: undefined, tableSize: undefined },
  ]
  for (const options of allowed) {
    it(`takes ${JSON.stringify(options)}`, async () => {
      const lan = await switches.create(options)
      assert.equal(lan.ports.size, 0)
    })
  }

  const refused: [options: unknown, field: string, message: RegExp][] = [
    [{ forwarding: 'router' }, 'forwarding', /forwarding router is not allowed: 'learning' or 'hub'/],
    [{ forwarding: null }, 'forwarding', /forwarding null is not allowed/],
    [{ forwarding: true }, 'forwarding', /forwarding true/],
    [{ ageingMs: 0 }, 'ageingMs', /ageingMs 0 is not allowed: 1 to 1e12 milliseconds/],
    [{ ageingMs: -5 }, 'ageingMs', /-5/],
    [{ ageingMs: 1.1e12 }, 'ageingMs', /1 to 1e12/],
    [{ ageingMs: NaN }, 'ageingMs', /NaN/],
    [{ ageingMs: Infinity }, 'ageingMs', /Infinity/],
    [{ ageingMs: '300' }, 'ageingMs', /300/],
    [{ ageingMs: 5n }, 'ageingMs', /ageingMs/],
    [{ ageingMs: Symbol('soon') }, 'ageingMs', /ageingMs/],
    [{ ageingMs: Object.create(null) as unknown }, 'ageingMs', /ageingMs/],
    [{ tableSize: 0 }, 'tableSize', /a whole number from 1 to 1048576/],
    [{ tableSize: 1.5 }, 'tableSize', /tableSize 1.5/],
    [{ tableSize: 2 ** 20 + 1 }, 'tableSize', /1048577/],
    [{ tableSize: '16' }, 'tableSize', /tableSize/],
    [{ stationLimit: 0 }, 'stationLimit', /a whole number from 1 to 1048576/],
    [{ stationLimit: null }, 'stationLimit', /null/],
    [{ stationLimit: 2 ** 20 + 1 }, 'stationLimit', /1048577/],
    [{ stormLimit: 0 }, 'stormLimit', /stormLimit 0 is not allowed: a whole number from 1 to 1000000000/],
    [{ stormLimit: 0.5 }, 'stormLimit', /0.5/],
    [{ stormLimit: 1e9 + 1 }, 'stormLimit', /1000000001/],
    [{ stormLimit: Infinity }, 'stormLimit', /Infinity/],
    [{ stormLimit: '9' }, 'stormLimit', /the string "9"/],
    [{ reserved: 'keep' }, 'reserved', /reserved keep is not allowed: 'drop' or 'forward'/],
    [{ reserved: true }, 'reserved', /true/],
    [
      { hub: true },
      'hub',
      /the options are forwarding, ageingMs, tableSize, stationLimit, stormLimit and reserved/,
    ],
    [{ forwarding: 'hub', agingMs: 5 }, 'agingMs', /agingMs/],
    [null, 'options', /options/],
    ['hub', 'options', /options/],
    [7, 'options', /options/],
    [['hub'], 'options', /options/],
  ]
  for (const [options, field, message] of refused) {
    const shown = typeof options === 'object' && options !== null ? Object.entries(options) : [options]
    it(`refuses ${shown.flat().map(describeValue).join(' ')}`, async () => {
      await assert.rejects(Switch.create(options as SwitchOptions), (error) => {
        assert.ok(error instanceof EthercastError)
        assert.equal(error.code, 'ERR_ETHERCAST_FIELD')
        assert.equal(error.field, field)
        assert.match(error.message, message)
        return true
      })
    })
  }
})

function describeValue(value: unknown): string {
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}
