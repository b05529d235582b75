// What guests tell that are booted with mconsole=notify:PATH.
import assert from 'node:assert/strict'
import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import { Mconsole, MconsoleNotify } from '../../lib/index.js'
import type { Host } from '../support/host.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'

const kSlowMs = 120_000
const kNoticeMs = 30_000

describe('mconsole: notices of guests', function () {
  this.timeout(kSlowMs)
  let lab: Lab
  let host: Host
  let notify: MconsoleNotify

  before(async function () {
    need(this, 'uml')
    lab = await Lab.create()
    host = await lab.host('a')
  })
  beforeEach(async () => void (notify = await MconsoleNotify.listen(join(lab.dir, 'notify'))))
  afterEach(() => notify.close())
  after(() => lab?.close())

  const next = () => notify.next(AbortSignal.timeout(kNoticeMs))
  const boot = (name: string) =>
    host.uml(name, [], ['eth0=mcast', `mconsole=notify:${notify.path}`], { lifeSeconds: 600 })
  const nothingDropped = { length: 0, magic: 0, version: 0, type: 0, overflow: 0 }

  it('the console is there, somebody in the guest speaks, it boots again, its kernel panics', async () => {
    const booting = boot('one')
    const ready = await next()
    assert.equal(ready?.type, 'socket')
    using console = await Mconsole.open(ready.text)
    assert.match(await console.version(), /^Linux /)
    const guest = await booting
    assert.equal(realpathSync(ready.text), realpathSync(guest.mconsole))

    await guest.sh('echo hello from inside > /proc/mconsole; printf "no line" > /proc/mconsole')
    assert.deepEqual(await next(), { type: 'user', text: 'hello from inside\n' })
    assert.deepEqual(await next(), { type: 'user', text: 'no line' })

    await console.reboot()
    assert.deepEqual(await next(), ready)
    assert.match(await console.version(), /^Linux /)

    await console.sysrq('c', { timeoutMs: 1000 }).catch(() => {})
    const panic = await next()
    assert.equal(panic?.type, 'panic')
    assert.match(panic.text, /\w/)
    assert.deepEqual(notify.drops, nothingDropped)
    await guest.kill()
  })

  it('several guests share a path; one that crashes from inside panics, and the others go on', async () => {
    const [one, other] = await Promise.all([boot('one'), boot('two')])
    const sockets = [await next(), await next()].map((notice) => notice?.text)
    assert.deepEqual(sockets.sort(), [one.mconsole, other.mconsole].sort())
    one.sh('echo c > /proc/sysrq-trigger').catch(() => {})
    assert.equal((await next())?.type, 'panic')
    await other.sh('echo still here > /proc/mconsole')
    assert.deepEqual(await next(), { type: 'user', text: 'still here\n' })
    assert.deepEqual(notify.drops, nothingDropped)
    await Promise.all([one.kill(), other.kill()])
  })
})
