// The native layer on its own, called by a script that knows no rules. In child processes, so that a crash is seen as one.
import assert from 'node:assert/strict'
import { NativeSwitchClass, type NativeEvent, type NativeSwitch, counterNames } from '../../lib/binding.js'
import { RingReader, RingWriter } from '../../lib/frame_ring.js'
import { runNode } from '../support/child.js'
import { eventually } from '../support/wait.js'
import { makeFrame } from './lan.js'

const fixture = (name: string) => new URL(`../fixtures/${name}.mjs`, import.meta.url)
const memory = (capacity = 1 << 16, header = 256) => new Uint8Array(new SharedArrayBuffer(header + capacity))

/** The types of this target do not know the second argument yet. */
const resizable = () =>
  new Uint8Array(Reflect.construct(ArrayBuffer, [256 + (1 << 16), { maxByteLength: 1 << 20 }]) as ArrayBuffer)

describe('the native switch, misused', () => {
  describe('by arguments', () => {
    let calls: { call: string; outcome: string }[]

    before('all the calls', async function () {
      this.timeout(120_000)
      const result = await runNode(fixture('native_misuse'), [], { timeoutMs: 100_000, keptOctets: 1 << 24 })
      assert.deepEqual([result.code, result.signal], [0, null], result.stderr + result.stdout.slice(-2000))
      calls = result.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { call: string; outcome: string })
    })

    it('survives them all', () => {
      assert.deepEqual(calls.at(-1), { call: 'end', outcome: 'reached' })
      assert.ok(calls.length > 700, String(calls.length))
    })

    it('throws a TypeError for missing arguments', () => {
      for (const { call, outcome } of calls) {
        if (!/(?<!too many) arguments$/.test(call)) continue
        assert.equal(outcome, 'TypeError', call)
      }
    })

    it('throws a TypeError for arguments of the wrong type', () => {
      const isType: Record<string, RegExp[]> = {
        // For each argument the values of the list that have its type.
        // No object of the list has the options of a switch.
        'new NativeSwitch': [/never/, /function/],
        addPort: [/^0\.5|^-1|NaN|^9/, /text/, /Object|Array|function/, /text/],
        addHostPort: [/^0\.5|^-1|NaN|^9/, /Uint8Array/, /Uint8Array/, /^0\.5|^-1|NaN|^9/, /text/],
        removePort: [/^0\.5|^-1|NaN|^9/],
        bell: [/^0\.5|^-1|NaN|^9/],
        counters: [/^0\.5|^-1|NaN|^9/, /never/],
        forget: [/^0\.5|^-1|NaN|^9/, /^0\.5|^-1|NaN|^9/],
        stations: [/^0\.5|^-1|NaN|^9/],
        pin: [/^0\.5|^-1|NaN|^9/, /never/, /^0\.5/, /^0\.5|^-1|NaN|^9/],
        unpin: [/^0\.5|^-1|NaN|^9/, /never/, /^0\.5/],
      }
      let checked = 0
      for (const { call, outcome } of calls) {
        const [, method, at, value] = /^(?:open: )?([\w ]+): argument (\d) is (.*)$/.exec(call) ?? []
        if (method === undefined || isType[method]![Number(at)]!.test(value!)) continue
        assert.equal(outcome, 'TypeError', call)
        checked++
      }
      assert.ok(checked > 200, String(checked))
    })

    it('throws for a receiver that is no switch', () => {
      const foreign = calls.filter(({ call }) => call.startsWith('foreign receiver'))
      assert.ok(foreign.length >= 80)
      for (const { call, outcome } of foreign) assert.notEqual(outcome, 'returned', call)
    })

    it('says of a stopped switch that it is closed', () => {
      const methods = calls.filter(({ call }) =>
        /^stopped: (addPort|addHostPort|removePort|stations|pin|unpin) with too many/.test(call),
      )
      assert.deepEqual(
        methods.map(({ outcome }) => outcome),
        Array(6).fill('ERR_ETHERCAST_CLOSED'),
      )
    })
  })

  describe('by rings', () => {
    let native: NativeSwitch
    let events: NativeEvent[]

    beforeEach(() => {
      events = []
      native = new NativeSwitchClass(
        {
          hub: true,
          ageingUs: 1_000_000,
          tableSize: 16,
          stationLimit: 0,
          stormLimit: 0,
          forwardReserved: false,
        },
        () => {
          events.push(...(JSON.parse(native.takeEvents()) as NativeEvent[]))
        },
      )
    })
    afterEach(() => native.stop())

    const answer = (request: number) =>
      eventually(() => events.find((event) => 'request' in event && event.request === request))

    const refusedRings: [what: string, ring: () => Uint8Array][] = [
      ['of no octets', () => new Uint8Array(new SharedArrayBuffer(0))],
      ['of the header alone', () => memory(0)],
      ['of less than 64 KiB', () => memory(1 << 15)],
      ['of no power of two', () => memory(3 << 16)],
      ['of a power of two in all', () => memory((1 << 17) - 256)],
      ['of an octet too many', () => memory((1 << 16) + 1)],
      ['of an octet too few', () => memory((1 << 16) - 1)],
      [
        'that begins at an odd octet',
        () => new Uint8Array(new SharedArrayBuffer(256 + (1 << 16) + 8), 3, 256 + (1 << 16)),
      ],
      [
        'that begins at a multiple of 4',
        () => new Uint8Array(new SharedArrayBuffer(256 + (1 << 16) + 8), 4, 256 + (1 << 16)),
      ],
    ]
    for (const [what, ring] of refusedRings) {
      it(`refuses a ring ${what}, in either place`, async () => {
        native.addHostPort(1, ring(), memory(), 1514, 'first')
        native.addHostPort(2, memory(), ring(), 1514, 'second')
        for (const request of [1, 2]) {
          const event = await answer(request)
          assert.ok(event.event === 'failed', event.event)
          assert.deepEqual([event.error.code, event.error.field], ['ERR_ETHERCAST_FIELD', 'ring'])
          assert.match(event.error.message, /power of two from 64 KiB to 1 GiB/)
        }
      })
    }

    it('refuses memory that can be transferred away', () => {
      const plain = new Uint8Array(256 + (1 << 16))

      const gone = new Uint8Array(256 + (1 << 16))
      structuredClone(gone.buffer, { transfer: [gone.buffer] })
      for (const ring of [plain, resizable(), gone]) {
        assert.throws(() => native.addHostPort(1, ring, memory(), 1514, 'first'), TypeError)
        assert.throws(() => native.addHostPort(1, memory(), ring, 1514, 'second'), TypeError)
      }
    })

    it('refuses frames longer than half the smaller ring, shorter than a header, or longer than any', async () => {
      const longest = (1 << 15) - 16
      const cases: [maxFrame: number, ok: boolean][] = [
        [14, true],
        [longest, true],
        [13, false],
        [0, false],
        [-1, false],
        [NaN, false],
        [longest + 1, false],
        [65536, false],
        [2 ** 32 - 1, false],
        [2 ** 40, false],
      ]
      for (const [i, [maxFrame, ok]] of cases.entries()) {
        native.addHostPort(i, memory(1 << 18), memory(), maxFrame, 'port')
        const event = await answer(i)
        assert.equal(event.event, ok ? 'opened' : 'failed', `maxFrame ${maxFrame}`)
        if (event.event === 'failed') assert.equal(event.error.field, 'maxFrame')
      }
    })

    it('refuses a request that is in use, and to forget a port that is open', async () => {
      const rings = [memory(), memory()] as const
      native.addHostPort(1, ...rings, 1514, 'port')
      assert.throws(() => native.addHostPort(1, memory(), memory(), 1514, 'port'), /this request is in use/)
      const opened = await answer(1)
      assert.ok(opened.event === 'opened')
      assert.throws(() => native.forget(opened.id, 1), /the port is not closed/)
      native.removePort(opened.id)
      await eventually(() => events.some(({ event }) => event === 'closed'))
      native.forget(opened.id, 1)
      native.forget(opened.id, 1)
      native.addHostPort(1, ...rings, 1514, 'port')
      await eventually(() => events.filter(({ event }) => event === 'opened').length === 2)
    })

    it('keeps to one ring given for both ways, and to rings that overlap', async () => {
      const both = memory()
      const large = new SharedArrayBuffer(256 + (1 << 18))
      native.addHostPort(1, both, both, 1514, 'both')
      native.addHostPort(
        2,
        new Uint8Array(large, 0, 256 + (1 << 16)),
        new Uint8Array(large, 1 << 10, 256 + (1 << 16)),
        1514,
        'overlapping',
      )
      const writer = new RingWriter(1 << 20)
      const reader = new RingReader(1 << 20)
      native.addHostPort(3, reader.memory, writer.memory, 65535, 'good')
      for (const request of [1, 2, 3]) assert.equal((await answer(request)).event, 'opened')
      const frame = makeFrame({ length: 600 })
      for (let i = 0; i < 500; i++) {
        writer.write(frame)
        if (writer.publish()) native.bell(3)
        native.bell(1)
        native.bell(2)
        reader.read()
        if (i % 50 === 0) await new Promise(setImmediate)
      }
      const block = new Float64Array(counterNames.length)
      await eventually(() => native.counters(3, block) && block[counterNames.indexOf('rx_frames')] === 500)
    })

    it('fills counters into whatever holds them, and nothing else', () => {
      assert.equal(native.counters(1, new Float64Array(counterNames.length)), false)
      const shared = new Float64Array(new SharedArrayBuffer(8 * counterNames.length))
      assert.equal(native.counters(1, shared), false)
      const gone = new Float64Array(counterNames.length)
      structuredClone(gone.buffer, { transfer: [gone.buffer] })
      assert.throws(() => native.counters(1, gone), TypeError)
      assert.throws(() => native.counters(1, new Float64Array(counterNames.length - 1)), TypeError)
    })
  })

  describe('by a script that writes into its rings while they are in use', () => {
    for (const round of [1, 2]) {
      it(`does not crash, counts what can’t be, and the other ports do not notice (${round})`, async function () {
        this.timeout(30_000)
        const seed = (Date.now() + round * 7919) % 2 ** 31
        const result = await runNode(fixture('hostile_rings'), [String(seed), '3'], { timeoutMs: 25_000 })
        assert.deepEqual([result.code, result.signal], [0, null], `seed ${seed}: ${result.stderr}`)
        const told = JSON.parse(result.stdout) as {
          sent: number
          received: number
          wrong: number
          junk: number
          stats: Record<string, number>[]
        }
        const [from, to, hostile] = told.stats as [
          Record<string, number>,
          Record<string, number>,
          Record<string, number>,
        ]
        const context = `seed ${seed}: ${JSON.stringify({ ...told, stats: undefined, hostile })}`
        assert.ok(hostile['rx_drops.bad_ring']! > 10, context)
        assert.ok(told.junk > 0, context)
        assert.deepEqual([told.received, told.wrong], [told.sent, 0], context)
        assert.ok(told.sent > 1000, context)
        for (const port of [from, to, hostile]) {
          const drops = (way: string) =>
            Object.entries(port).reduce((all, [key, count]) => all + (key.startsWith(way) ? count : 0), 0)
          assert.equal(port.rx_frames, port.forwarded! + drops('rx_drops.'), context)
          assert.equal(port.picked, port.tx_frames! + drops('tx_drops.') + port.queued!, context)
        }
        assert.equal(from['rx_drops.bad_ring'], 0)
        assert.equal(to['tx_drops.ring_full'], 0)
      })
    }
  })
})
