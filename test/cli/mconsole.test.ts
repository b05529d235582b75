/** `ethercast mconsole`: the list, commands, devices, and what is wrong; with guests that a test plays, and a real one. */

import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '../support/child.js'
import { FakeGuest, part } from '../mconsole/fake_guest.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import { run } from '../support/running.js'
import { eventually } from '../support/wait.js'
import { assertRefused, endAllAfterEach, ethercast, events, start, theEvent } from './cli.js'

describe('cli: mconsole', function () {
  this.timeout(60_000)
  endAllAfterEach()

  const mconsole = ({ umlDir }: FakeGuest, ...args: string[]) =>
    ethercast('mconsole', '--uml-dir', umlDir, ...args)

  it('alone lists the guests, alive and stale', async () => {
    using guest = new FakeGuest(() => [])
    mkdirSync(join(guest.umlDir, 'old'))
    writeFileSync(join(guest.umlDir, 'old', 'pid'), '12\n')
    const plain = await mconsole(guest)
    assert.equal(plain.code, 0)
    assert.equal(
      plain.stdout,
      `fake  alive   ${`pid ${process.pid}`.padEnd(12)}${guest.path}\nold   stale   pid 12      ${guest.umlDir}/old/mconsole\n`,
    )
    const list = events(await mconsole(guest, '--json'))
    assert.deepEqual(
      list.map(({ umid, state, pid }) => [umid, state, pid]),
      [
        ['fake', 'alive', process.pid],
        ['old', 'stale', 12],
      ],
    )
    const none = await ethercast('mconsole', '--uml-dir', '/nonexistent')
    assert.equal(none.code, 0)
    assert.equal(none.stdout, '')
    assert.match(none.stderr, /No guests in \/nonexistent/)
  })

  it('sends what is typed, prints what comes, and without a command asks for help', async () => {
    using guest = new FakeGuest((command) => [part(0, `<${command}>\n`)])
    for (const [args, command] of [
      [['version'], 'version'],
      [[], 'help'],
      [['config', 'con0'], 'config con0'],
      [['send', 'any', 'thing'], 'any thing'],
      [['--', 'stack', '7', '--json'], 'stack 7 --json'],
      [['proc', '/proc/uptime'], 'proc uptime'],
    ] as const) {
      const { code, stdout, stderr } = await mconsole(guest, 'fake', ...args)
      assert.equal(code, 0, stderr)
      assert.equal(stdout, `<${command}>\n`)
    }
    assert.equal((await mconsole(guest, 'fake', 'log', 'a', 'line')).stdout, '')
    assert.equal(guest.commands.at(-1), 'log a line\n')
    const reply = theEvent(events(await mconsole(guest, 'fake', 'version', '--json')), 'reply')
    assert.deepEqual(reply, { event: 'reply', command: 'version', text: '<version>\n' })
  })

  it('what the guest refuses, and what it does not answer, is an error with exit code 1', async () => {
    using guest = new FakeGuest((command) => (command === 'version' ? [] : [part(1, 'Not stopped')]))
    const refused = await mconsole(guest, 'fake', 'go')
    assert.deepEqual([refused.code, refused.stdout, refused.stderr], [1, '', 'ethercast: go: Not stopped\n'])
    const silent = await mconsole(guest, '--timeout', '200ms', 'fake', 'version')
    assert.equal(silent.code, 1)
    assert.match(silent.stderr, /version: the guest did not answer in 0\.2 s/)
    const nobody = await mconsole(guest, 'fakr', 'go')
    assert.equal(nobody.code, 1)
    assert.match(nobody.stderr, /there is no guest fakr in \S+: did you mean fake\?/)
  })

  it('wrong usage is exit code 2, names the nearest command, and sends nothing', async () => {
    using guest = new FakeGuest(() => [])
    assertRefused(await mconsole(guest, 'fake', 'verzion'), /did you mean version\?.*attach, detach/)
    assertRefused(await mconsole(guest, 'fake', 'atach', 'eth1=mcast'), /did you mean attach\?/)
    assertRefused(await mconsole(guest, 'fake', 'attach'), /attach DEVICE=SPEC/)
    assertRefused(await mconsole(guest, 'fake', 'attach', 'eth1=mcast', 'eth2=mcast'), /one word/)
    assertRefused(await mconsole(guest, 'fake', 'attach', 'eth1:mcast'), /did you mean eth1=mcast\?/)
    assertRefused(await mconsole(guest, 'fake', 'proc', '../x'), /without "\.\."/)
    assertRefused(await mconsole(guest, '..', 'version'), /can't be a guest's name/)
    assertRefused(await mconsole(guest, '--timeout', 'x', 'fake', 'version'), /duration/)
    assertRefused(await mconsole(guest, '--nothing'), /unknown option/)
    assert.deepEqual(guest.commands, [])
  })

  it('Ctrl-C ends it while it waits', async () => {
    using guest = new FakeGuest(() => [])
    const child = start(['mconsole', '--uml-dir', guest.umlDir, 'fake', 'version'])
    await eventually(() => guest.commands.length > 0)
    child.signal('SIGINT')
    const { code, signal, stderr } = await child.result(5000)
    assert.deepEqual([code, signal, stderr], [1, null, ''])
  })

  it('Ctrl-C while a device is attached takes it back', async () => {
    using guest = new FakeGuest((command) => {
      if (command === 'config eth1=mcast') return []
      return [command.includes('/all/') ? part(0, '0\n') : part(1, '')]
    })
    const child = start(['mconsole', '--uml-dir', guest.umlDir, 'fake', 'attach', 'eth1=mcast'])
    await eventually(() => guest.commands.includes('config eth1=mcast'))
    child.signal('SIGINT')
    assert.equal((await child.result(5000)).code, 1)
    assert.equal(guest.commands.at(-1), 'remove eth1')
  })

  it('a guest can write to the pipe what it likes, but no commands to a terminal', async () => {
    using guest = new FakeGuest(() => [part(0, 'a\x1b]0;title\x07\tb\r\u009b2J')])
    const plain = await mconsole(guest, 'fake', 'version')
    assert.equal(plain.stdout, 'a\x1b]0;title\x07\tb\r\u009b2J\n')
    const line = `'${process.execPath}' '${join(projectRoot, 'dist/cli/main.js')}' mconsole '${guest.path}' version`
    const { stdout } = await run('script', ['-qefc', line, '/dev/null'])
    assert.equal(stdout, 'a\\x1b]0;title\\x07\tb\\x0d\\x9b2J\r\n')
  })

  it('attaches and detaches a device of a real guest', async function () {
    need(this, 'uml')
    await using lab = await Lab.create()
    const host = await lab.host('a')
    const guest = await host.uml('one', [], ['eth0=mcast'])
    const umlDir = join(lab.dir, 'uml')
    const cli = (...args: string[]) => ethercast('mconsole', '--uml-dir', umlDir, guest.umid, ...args)
    assert.equal((await cli('attach', 'eth1=mcast')).stdout, 'eth1 is there\n')
    assert.match((await guest.sh('ls /sys/class/net')).output, /eth1/)
    assert.match((await cli('attach', 'eth1=mcast')).stderr, /has eth1 already/)
    const missing = await cli('attach', `eth2=daemon,,unix,${lab.dir}/none`)
    assert.equal(missing.code, 1)
    assert.match(missing.stderr, /there is no switch at .*none: start one first/)
    await guest.sh('ip link set eth1 up')
    assert.match((await cli('detach', 'eth1')).stderr, /ip link set eth1 down/)
    await guest.sh('ip link set eth1 down')
    assert.deepEqual(events(await cli('detach', 'eth1', '--json')), [{ event: 'detached', device: 'eth1' }])
    const attached = { event: 'attached', device: 'vec0', isRenamed: false }
    assert.deepEqual(events(await cli('--json', 'attach', 'vec0:transport=tap')), [attached])
    assert.match((await guest.sh('ls /sys/class/net')).output, /vec0/)
  })
})
