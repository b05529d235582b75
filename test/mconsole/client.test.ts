/** The console's client against guests that answer late, wrong, too much, never, or in another order. */

import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { bindDatagrams } from '../../lib/binding.js'
import {
  attachDevice,
  EthercastError,
  listGuests,
  Mconsole,
  MconsoleError,
  MconsoleNotify,
} from '../../lib/index.js'
import { randomNumbers } from '../support/random.js'
import { eventually } from '../support/wait.js'
import { FakeGuest, notice, part } from './fake_guest.js'

const code = (wanted: string) => (error: unknown) => error instanceof EthercastError && error.code === wanted

describe('mconsole: client', function () {
  this.timeout(20_000)
  const { TMPDIR } = process.env
  let tmp: string
  before(() => void (process.env.TMPDIR = tmp = mkdtempSync('/tmp/eclab-tmp-')))
  after(() => {
    if (TMPDIR === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = TMPDIR
    rmSync(tmp, { recursive: true })
  })
  afterEach(() => eventually(() => readdirSync(tmp).length === 0, 2000, 'every private folder to be gone'))

  const open = (guest: FakeGuest, timeoutMs = 5000) =>
    Mconsole.open(guest.umid, { umlDir: guest.umlDir, timeoutMs })

  it('asks one thing at a time, in order, whoever asks', async () => {
    let busy = 0
    using guest = new FakeGuest((command, later) => {
      assert.equal(++busy, 1, 'one request in flight')
      setTimeout(() => {
        busy--
        void later(part(0, command))
      }, 5)
      return []
    })
    using console = await open(guest)
    const asked = Array.from({ length: 30 }, (_, i) => `log ${i}`)
    assert.deepEqual(await Promise.all(asked.map((each) => console.send(each))), asked)
    assert.deepEqual(guest.commands, asked)
  })

  it('an answer that comes too late is nobody’s', async () => {
    let outcome: string[] | undefined
    using guest = new FakeGuest((command, later) => {
      if (command === 'version') setTimeout(() => (outcome = later(part(0, 'late'))), 100)
      return command === 'version' ? [] : [part(0, 'in time')]
    })
    using console = await open(guest)
    await assert.rejects(console.send('version', { timeoutMs: 50 }), code('ETIMEDOUT'))
    assert.match((await eventually(() => outcome))[0]!, /ENOENT|ECONNREFUSED/)
    assert.equal(await console.send('help'), 'in time')
  })

  it('gives up when the signal aborts, in flight and in the queue, and goes on', async () => {
    using guest = new FakeGuest((command) => (command === 'stop' ? [] : [part(0, command)]))
    using console = await open(guest)
    const [first, second] = [new AbortController(), new AbortController()]
    const inFlight = console.send('stop', { signal: first.signal })
    const queued = console.send('log queued', { signal: second.signal })
    const behind = console.send('log behind')
    second.abort(new Error('second'))
    await assert.rejects(queued, /second/)
    first.abort(new Error('first'))
    await assert.rejects(inFlight, /first/)
    assert.equal(await behind, 'log behind')
    await assert.rejects(console.send('x', { signal: AbortSignal.abort(new Error('before')) }), /before/)
    assert.deepEqual(guest.commands, ['stop', 'log behind'])
  })

  it('closing rejects what is under way; afterwards nothing is asked', async () => {
    using guest = new FakeGuest(() => [])
    const console = await open(guest)
    const asked = [console.send('a'), console.send('b')].map((each) =>
      assert.rejects(each, code('ERR_ETHERCAST_CLOSED')),
    )
    console.close()
    console.close()
    await Promise.all(asked)
    await assert.rejects(console.send('c'), code('ERR_ETHERCAST_CLOSED'))
    const controller = new AbortController()
    using other = await Mconsole.open(guest.path, { signal: controller.signal })
    controller.abort(new Error('enough'))
    await assert.rejects(other.send('d'), /enough/)
    await assert.rejects(Mconsole.open(guest.path, { signal: controller.signal }), /enough/)
  })

  it('notices that the guest has ended, while it waits and before it asks', async () => {
    using guest = new FakeGuest(() => [])
    using console = await open(guest)
    const asked = assert.rejects(console.send('halt'), code('ECONNREFUSED'))
    await eventually(() => guest.commands.length > 0)
    guest.die()
    await asked
    await assert.rejects(console.send('version'), (error: EthercastError) =>
      ['ENOENT', 'ECONNREFUSED'].includes(error.code),
    )
  })

  it('waits while the guest has too many requests waiting', async () => {
    // Nobody reads here until the queue is full.
    const dir = mkdtempSync('/tmp/eclab-full-')
    try {
      const path = join(dir, 'mconsole')
      let isReading = false
      const server = bindDatagrams(path, 0o600, () => {
        if (!isReading) return
        while (server.receive(new Uint8Array(600)) >= 0) server.answer(part(0, 'done'))
      })
      const fill = bindDatagrams(join(dir, 'fill'), 0o600, () => {})
      fill.connect(path)
      let sent = 0
      while (fill.send(new Uint8Array(12)) === 'null') sent++
      assert.ok(sent > 0)
      using console = await Mconsole.open(path)
      const asked = console.version()
      setTimeout(() => (isReading = true), 100)
      assert.equal(await asked, 'done')
      server.close()
      fill.close()
      assert.deepEqual(readdirSync(dir), [])
    } finally {
      rmSync(dir, { recursive: true })
    }
  })

  it('refusals keep their number and their words', async () => {
    using guest = new FakeGuest((command) => {
      if (command === 'remove eth1') return [part(-16, 'Device is currently open')]
      if (command === 'remove eth2') return [part(-4095, '')]
      if (command === 'remove eth3') return [part(-(2 ** 31), 'x')]
      return [part(1, '')]
    })
    using console = await open(guest)
    const refusal = async (asked: Promise<unknown>) => {
      const error = await asked.then(
        () => assert.fail('it was done'),
        (failure: unknown) => failure,
      )
      assert.ok(error instanceof MconsoleError)
      return error
    }
    const busy = await refusal(console.remove('eth1'))
    assert.deepEqual(
      [busy.code, busy.errno, busy.status, busy.text],
      ['EBUSY', 'EBUSY', -16, 'Device is currently open'],
    )
    assert.match(busy.message, /ip link set eth1 down/)
    for (const [device, status] of [
      ['eth2', -4095],
      ['eth3', -(2 ** 31)],
      ['eth4', 1],
    ] as const) {
      const error = await refusal(console.remove(device))
      assert.equal(error.code, 'ERR_ETHERCAST_MCONSOLE')
      assert.equal(error.status, status)
    }
  })

  it('a console of another version is told, and its second answer is nobody’s', async () => {
    using guest = new FakeGuest((command) => [
      part(1, 'This driver only supports version 3 clients'),
      part(0, `${command} done`),
    ])
    using console = await open(guest)
    for (let i = 0; i < 3; i++) {
      await assert.rejects(console.send('version'), (error: Error) => {
        assert.ok(code('ERR_ETHERCAST_UNSUPPORTED')(error))
        return /version 3 clients.*all the same/.test(error.message)
      })
    }
  })

  it('octets that are no reply, and replies without end, are errors, and the next request is none the worse', async () => {
    let octets: Uint8Array[] = []
    using guest = new FakeGuest((command) => (command === 'version' ? [part(0, 'fine')] : octets))
    using console = await open(guest)
    for (const bad of [
      [Buffer.alloc(0)],
      [Buffer.from('ERR Version 0 mconsole clients are not supported by this driver')],
      [part(0, Buffer.alloc(512), 0), Buffer.alloc(3)].reverse(),
      [Buffer.alloc(2000)],
      [Buffer.concat([part(0, ''), Buffer.alloc(600)])],
      [part(0, 'x', 3)],
      [part(0, 'x', 1), part(0, 'x', 1, 400)],
    ]) {
      octets = bad
      await assert.rejects(console.send('bad'), code('EBADMSG'))
      assert.equal(await console.version(), 'fine')
    }
  })

  it('random replies: an answer or an error of ours, and no more', async () => {
    const seed = Number(process.env.ETHERCAST_SEED ?? Date.now() % 2 ** 31)
    const next = randomNumbers(seed)
    const random = (below: number) => next() % below
    const datagram = () => {
      const size = random(4) === 0 ? random(700) : random(40)
      const octets = Uint8Array.from({ length: size }, () => random(256))
      if (random(3) === 0) return octets
      const length = random(3) === 0 ? random(2 ** 10) : undefined
      return part(random(2) === 0 ? 0 : random(2 ** 32) | 0, octets, random(8) === 0 ? random(3) : 0, length)
    }
    using guest = new FakeGuest(() => Array.from({ length: 1 + random(3) }, datagram))
    using console = await open(guest, 100)
    for (let i = 0; i < 400; i++) {
      await console.send('anything').then(
        (text) => assert.equal(typeof text, 'string'),
        (error: unknown) => assert.ok(error instanceof EthercastError, `seed ${seed}: ${String(error)}`),
      )
    }
  })

  it('commands that can’t be right are not sent', async () => {
    using guest = new FakeGuest((command) => [part(0, command)])
    using console = await open(guest)
    for (const asked of [
      () => console.send(''),
      () => console.send('a\0b'),
      () => console.send('x'.repeat(512)),
      () => console.send(7 as unknown as string),
      () => console.send('version', { timeoutMs: 0 }),
      () => console.send('version', { timeoutMs: NaN }),
      () => console.config('eth0 eth1'),
      () => console.config('../eth0', 'x'),
      () => console.config('eth0', 7 as unknown as string),
      () => console.remove(''),
      () => console.sysrq('hh'),
      () => console.sysrq(' '),
      () => console.log(''),
      () => console.proc('../etc/passwd'),
      () => console.proc('/proc/../etc/passwd'),
      () => console.proc('/etc/passwd'),
      () => console.proc('a b'),
      () => console.proc(''),
      () => console.stack(0),
      () => console.stack(1.5),
    ])
      await assert.rejects(asked, code('ERR_ETHERCAST_FIELD'), String(asked))
    assert.deepEqual(guest.commands, [])
    assert.equal((await console.send('x'.repeat(511))).length, 511)
    await console.config('vec0', 'transport=tap')
    await console.config('eth0', 'mcast')
    await console.config('mem')
    assert.deepEqual(guest.commands.slice(1), [
      'config vec0:transport=tap',
      'config eth0=mcast',
      'config mem',
    ])
  })

  it('finds guests by name, never outside their folder', async () => {
    using guest = new FakeGuest((command) => [part(0, command)])
    const { umlDir } = guest
    mkdirSync(join(umlDir, 'gone'))
    writeFileSync(join(umlDir, 'gone', 'pid'), '99999999\n')
    mkdirSync(join(umlDir, 'booting'))
    writeFileSync(join(umlDir, 'file'), '')
    const dead = bindDatagrams(join(umlDir, 'kept'), 0o600, () => {})
    symlinkSync(join(umlDir, 'kept'), join(umlDir, 'gone', 'mconsole'))
    dead.close()
    assert.deepEqual(
      listGuests({ umlDir }).map(({ umid, state, pid }) => [umid, state, pid]),
      [
        ['booting', 'stale', undefined],
        ['fake', 'alive', process.pid],
        ['gone', 'stale', 99999999],
      ],
    )
    assert.deepEqual(listGuests({ umlDir: join(umlDir, 'none') }), [])
    for (const name of ['.', '..', '', 'a\0b', 'x'.repeat(64), 'a\nb'])
      await assert.rejects(Mconsole.open(name, { umlDir }), code('ERR_ETHERCAST_FIELD'), JSON.stringify(name))
    await assert.rejects(Mconsole.open('fak', { umlDir }), /did you mean fake\?/)
    await assert.rejects(Mconsole.open('other', { umlDir }), /these run: fake/)
    await assert.rejects(Mconsole.open('booting', { umlDir }), code('ENOENT'))
    await assert.rejects(Mconsole.open(join(umlDir, 'nothing'), {}), code('ENOENT'))
    await assert.rejects(Mconsole.open(join(umlDir, 'file'), {}), /no socket|not for this user|ended/)
    for (const path of [guest.path, join(umlDir, 'fake'), `${umlDir}/../${umlDir.split('/').at(-1)}/fake/`]) {
      using console = await Mconsole.open(path)
      assert.equal(await console.version(), 'version')
    }
    guest.die()
    await assert.rejects(Mconsole.open('fake', { umlDir }), (error: EthercastError) =>
      ['ENOENT', 'ECONNREFUSED'].includes(error.code),
    )
  })

  it('takes back a device when it can’t be told whether it is there', async () => {
    using guest = new FakeGuest((command) => {
      if (command.startsWith('proc sys/net/ipv4/conf/eth1') && guest.commands.includes('config eth1=mcast'))
        return []
      return command.startsWith('proc sys/net/ipv4/conf/all')
        ? [part(0, '0\n')]
        : [part(command === 'config eth1=mcast' ? 0 : 1, '')]
    })
    using console = await open(guest)
    await assert.rejects(attachDevice(console, 'eth1=mcast', { timeoutMs: 100 }), code('ETIMEDOUT'))
    assert.equal(guest.commands.at(-1), 'remove eth1')
  })

  it('takes back what may have been made when the answer is lost, or the signal aborts', async () => {
    using guest = new FakeGuest((command) => {
      if (command === 'config eth1=mcast') return []
      return command.startsWith('proc sys/net/ipv4/conf/all') ? [part(0, '0\n')] : [part(1, '')]
    })
    using console = await open(guest)
    await assert.rejects(attachDevice(console, 'eth1=mcast', { signal: AbortSignal.timeout(100) }), /abort/i)
    assert.deepEqual(guest.commands.slice(-2), ['config eth1=mcast', 'remove eth1'])
  })

  it('without settings goes by the list of devices, and without both says so', async () => {
    let list: string | undefined = '  lo: 0\n eth1: 0 0\n'
    using guest = new FakeGuest((command) => {
      if (command === 'proc net/dev' && list !== undefined)
        return [part(0, '\n', 1), part(0, list, 1), part(0, '')]
      return [part(command === 'config eth2=mcast' ? 0 : 1, '')]
    })
    using console = await open(guest)
    await assert.rejects(attachDevice(console, 'eth1=mcast'), code('EEXIST'))
    await assert.rejects(attachDevice(console, 'eth2=mcast'), /has no such device/)
    list = undefined
    await assert.rejects(attachDevice(console, 'eth1=mcast'), code('ERR_ETHERCAST_UNSUPPORTED'))
  })

  it('a device that the guest renamed counts as there', async () => {
    let made = false
    using guest = new FakeGuest((command) => {
      if (command === 'config eth1=') return [made ? part(-22, 'Device already configured') : part(1, '')]
      if (command === 'config eth1=mcast') {
        made = true
        return [part(0, '')]
      }
      return [command.includes('/all/') ? part(0, '0\n') : part(1, 'Failed to open file')]
    })
    using console = await open(guest)
    assert.deepEqual(await attachDevice(console, 'eth1=mcast'), { device: 'eth1', isRenamed: true })
    await assert.rejects(attachDevice(console, 'eth1=mcast'), code('EEXIST'))
  })

  it('specs that the guest would take for others are refused before anything is sent', async () => {
    using guest = new FakeGuest(() => [part(1, '')])
    using console = await open(guest)
    for (const [spec, why] of [
      ['eth1', /eth1=TRANSPORT/],
      ['eth01=mcast', /eth0, eth1/],
      ['eth0x1=mcast', /eth0, eth1/],
      ['eth1:mcast', /did you mean eth1=mcast\?/],
      ['vec0=transport=tap', /did you mean vec0:transport=tap\?/],
      ['con1=pts', /is no network device/],
      ['eth1=', /no transport/],
      ['eth1=mcast, ,x', /spaces/],
      ['eth1=mcast,01:00:5e:00:00:01', /group's address/],
      ['eth1=mcast,0:0:0:0:0:0', /group's address, or nobody's/],
      ['eth1=tuntap,tap0,ff:ff:ff:ff:ff:ff', /group's address/],
      ['eth1=mcast,xx', /mac/i],
      ['eth1=pcap,eth0,,,,1:0:0:0:0:0', /group's address/],
      ['vec0:transport', /KEY=VALUE/],
      ['vec0:ifname=tap0', /transport= is missing/],
      ['vec0:transport=tup', /did you mean tap\?/],
      ['vec0:transport=tap,mac=3:0:0:0:0:0', /group's address/],
    ] as const)
      await assert.rejects(attachDevice(console, spec), (error: Error) => {
        assert.ok(code('ERR_ETHERCAST_FIELD')(error), spec)
        assert.match(error.message, why)
        return true
      })
    assert.deepEqual(guest.commands, [])
  })
})

describe('mconsole: notices', () => {
  let dir: string
  beforeEach(() => void (dir = mkdtempSync('/tmp/eclab-notify-')))
  afterEach(() => rmSync(dir, { recursive: true }))

  it('come in order; what is none is dropped and counted', async () => {
    const path = join(dir, 'n')
    using notify = await MconsoleNotify.listen(path)
    const sender = bindDatagrams(join(dir, 's'), 0o600, () => {})
    sender.connect(path)
    for (const octets of [
      notice(0, 'a'),
      Buffer.alloc(0),
      Buffer.alloc(600),
      notice(1, 'x', { magic: 0 }),
      notice(1, 'x', { version: 3 }),
      notice(9, 'x'),
      notice(3, 'x', { length: 2 }),
      notice(3, 'b'),
    ]) {
      await eventually(() => sender.send(octets) === 'null')
    }
    assert.deepEqual(await notify.next(), { type: 'socket', text: 'a' })
    assert.deepEqual(await notify.next(), { type: 'user', text: 'b' })
    assert.deepEqual(notify.drops, { length: 3, magic: 1, version: 1, type: 1, overflow: 0 })
    await assert.rejects(notify.next(AbortSignal.timeout(20)), /abort|timeout/i)
    const waiting = notify.next()
    await assert.rejects(notify.next(), code('ERR_ETHERCAST_STATE'))
    notify.close()
    assert.equal(await waiting, undefined)
    assert.ok(!existsSync(path))
    sender.close()
  })

  it('those that nobody reads are bounded', async () => {
    const path = join(dir, 'n')
    using notify = await MconsoleNotify.listen(path)
    const sender = bindDatagrams(join(dir, 's'), 0o600, () => {})
    sender.connect(path)
    let sent = 0
    await eventually(() => {
      while (sent < 1500 && sender.send(notice(3, String(sent))) === 'null') sent++
      return sent === 1500
    })
    await eventually(() => notify.drops.overflow === 1500 - 1024)
    notify.close()
    const left = []
    for await (const { text } of notify) left.push(text)
    assert.deepEqual(
      left,
      Array.from({ length: 1024 }, (_, i) => String(i)),
    )
    sender.close()
  })

  it('one path has one listener; a dead one is replaced, another thing stays', async () => {
    const path = join(dir, 'n')
    const controller = new AbortController()
    using first = await MconsoleNotify.listen(path, { signal: controller.signal, mode: 0o660 })
    await assert.rejects(MconsoleNotify.listen(path), code('EADDRINUSE'))
    controller.abort()
    assert.equal(await first.next(), undefined)
    using second = await MconsoleNotify.listen(path)
    assert.equal(second.path, path)
    writeFileSync(join(dir, 'file'), 'data')
    await assert.rejects(MconsoleNotify.listen(join(dir, 'file')), code('EEXIST'))
    await assert.rejects(MconsoleNotify.listen(join(dir, 'x'.repeat(120))), code('ERR_ETHERCAST_FIELD'))
    chmodSync(dir, 0o777)
    await assert.rejects(MconsoleNotify.listen(join(dir, 'open')), code('EPERM'))
  })
})
