// AbortSignal in everything that waits: before, during, and never a listener left behind.
import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { connect } from '../../lib/index.js'
import { within } from '../support/wait.js'
import { loGroup, makeFrame, useSwitches } from './lan.js'

const reason = new Error('no longer wanted')
const isReason = (error: unknown) => error === reason

describe('AbortSignal', () => {
  const switches = useSwitches()

  it('aborted before addPort: nothing is opened', async () => {
    const lan = await switches.create()
    await assert.rejects(lan.addPort({ transport: 'host' }, { signal: AbortSignal.abort(reason) }), isReason)
    assert.equal(lan.ports.size, 0)
  })

  it('aborted during addPort: the port is closed again', async () => {
    const lan = await switches.create()
    for (const spec of [loGroup(), 'host']) {
      const abort = new AbortController()
      const opening = lan.addPort(spec, { signal: abort.signal })
      abort.abort(reason)
      await assert.rejects(opening, isReason)
      assert.equal(lan.ports.size, 0)
      assert.equal(getEventListeners(abort.signal, 'abort').length, 0)
    }
  })

  it('aborted after addPort: nothing happens', async () => {
    const lan = await switches.create()
    const abort = new AbortController()
    const port = await lan.addPort({ transport: 'host' }, { signal: abort.signal })
    abort.abort(reason)
    await new Promise(setImmediate)
    assert.equal(port.state, 'up')
  })

  it('aborted before frames(): the first step rejects, and another loop may start', async () => {
    const [a, b] = await switches.hosts(2)
    a!.send(makeFrame())
    await assert.rejects(b!.frames({ signal: AbortSignal.abort(reason) }).next(), isReason)
    const { value } = await b!.frames().next()
    assert.equal(value?.size, 1)
  })

  it('aborted while frames() waits: the loop throws the reason and leaves nothing behind', async () => {
    const [, b] = await switches.hosts(2)
    const abort = new AbortController()
    const loop = (async () => {
      for await (const batch of b!.frames({ signal: abort.signal })) assert.fail(`a batch of ${batch.size}`)
    })()
    await new Promise(setImmediate)
    abort.abort(reason)
    await assert.rejects(within(loop, 1000), isReason)
    assert.equal(getEventListeners(abort.signal, 'abort').length, 0)
    assert.equal(b!.read().size, 0)
  })

  it('aborted within the loop: the next step rejects, although frames wait', async () => {
    const [a, b] = await switches.hosts(2)
    const abort = new AbortController()
    const seen: number[] = []
    await assert.rejects(async () => {
      a!.send(makeFrame())
      for await (const batch of b!.frames({ signal: abort.signal })) {
        seen.push(batch.size)
        a!.send(makeFrame())
        await a!.drained()
        abort.abort(reason)
      }
    }, isReason)
    assert.deepEqual(seen, [1])
  })

  it('takes no listener a batch: a thousand waits leave a signal as it was', async () => {
    const [a, b] = await switches.hosts(2)
    const abort = new AbortController()
    let rounds = 0
    a!.send(makeFrame())
    for await (const _ of b!.frames({ signal: abort.signal })) {
      assert.ok(getEventListeners(abort.signal, 'abort').length <= 1)
      if (++rounds === 1000) break
      a!.send(makeFrame())
    }
    assert.equal(getEventListeners(abort.signal, 'abort').length, 0)
  })

  it('aborted before drained()', async () => {
    const [a] = await switches.hosts(1)
    await assert.rejects(a!.drained({ signal: AbortSignal.abort(reason) }), isReason)
  })

  it('aborted during drained(): it rejects or is done, and another waiter is not disturbed', async () => {
    const [a] = await switches.hosts(2)
    const frames = Array.from({ length: 500 }, () => makeFrame({ length: 1514 }))
    for (let round = 0; round < 50; round++) {
      const abort = new AbortController()
      a!.send(frames)
      const aborted = a!.drained({ signal: abort.signal }).then(
        () => true,
        (error: unknown) => isReason(error),
      )
      const other = a!.drained()
      abort.abort(reason)
      assert.equal(await within(aborted, 1000), true)
      await within(other, 1000)
      assert.equal(getEventListeners(abort.signal, 'abort').length, 0)
    }
  })

  it('in connect: nothing is left open', async () => {
    await assert.rejects(connect(loGroup(), { signal: AbortSignal.abort(reason) }), isReason)
    const abort = new AbortController()
    const connecting = connect(loGroup(), { signal: abort.signal })
    abort.abort(reason)
    await assert.rejects(connecting, isReason)
  })

  for (const signal of [null, 5, {}, 'stop', new AbortController()] as unknown[]) {
    const shown = typeof signal === 'object' && signal !== null ? signal.constructor.name : String(signal)
    it(`is a signal: ${shown} is refused with a code`, async () => {
      const [a, b] = await switches.hosts(2)
      a!.send(makeFrame())
      const options = { signal: signal as AbortSignal }
      const isField = { code: 'ERR_ETHERCAST_FIELD', field: 'signal' }
      await assert.rejects(a!.lan.addPort({ transport: 'host' }, options), isField)
      await assert.rejects(b!.frames(options).next(), isField)
      await assert.rejects(b!.drained(options), isField)
      await assert.rejects(connect(loGroup(), options), isField)
    })
  }
})
