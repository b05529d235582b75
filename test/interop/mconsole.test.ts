// The management console of real guests: every command beside Debian's uml_mconsole, and what a guest does then.
import assert from 'node:assert/strict'
import { chmodSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { bindDatagrams } from '../../lib/binding.js'
import { listGuests, Mconsole, MconsoleError } from '../../lib/index.js'
import type { EthercastError } from '../../lib/index.js'
import { decodeReplyPart, encodeRequest } from '../../lib/mconsole/protocol.js'
import type { Guest } from '../support/guest.js'
import type { Host } from '../support/host.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import { eventually } from '../support/wait.js'

const kSlowMs = 120_000
const kLife = { lifeSeconds: 600 }
/** uml_mconsole's exit code is the last octet of the kernel's status. */
const kExitCodes = 256

/** In this order: some follow from those before. For `#` each has a number of its own. */
const kCommands = [
  'version',
  'versionfoo',
  'help',
  'config mem',
  'config con0',
  'config con1',
  'config eth0',
  'config eth0=mcast',
  'config eth3=foo',
  'config eth',
  'config eth1:mcast',
  'config vec0=transport=tap',
  'config',
  'config foo0=x',
  'config eth2=daemon,,unix,/nonexistent/ctl',
  'config eth#=mcast,01:00:5e:00:00:01,239.192.7.9',
  'remove eth#',
  'remove eth0',
  'remove eth9',
  'remove ethx',
  'remove foo',
  'remove',
  'proc version',
  'proc sys/kernel/hostname',
  'proc cpuinfo',
  'proc mounts',
  'proc net/dev',
  'proc nosuch',
  'proc ../etc/passwd',
  'stop',
  'version',
  'stop',
  'go',
  'go',
  'sysrq h',
  'sysrq',
  'stack 1',
  'stack 99999',
  'stack',
  'foo',
  'VERSION',
] as const

describe('mconsole: a guest', function () {
  this.timeout(kSlowMs)
  let lab: Lab
  let host: Host
  let guest: Guest
  let console: Mconsole

  before(async function () {
    need(this, 'uml')
    lab = await Lab.create()
    host = await lab.host('a')
    guest = await host.uml('one', '198.18.7.1/24', ['eth0=mcast,fe:fd:c6:12:07:01,239.192.7.1'], kLife)
    // From outside the guest's network namespace, where abstract names would get no answer.
    console = await Mconsole.open(guest.umid, { umlDir: join(lab.dir, 'uml') })
  })
  after(async () => {
    console?.close()
    await lab?.close()
  })

  const umlMconsole = (command: string) => host.exec('uml_mconsole', [guest.mconsole, command])

  it('every command: the same answer as uml_mconsole has, and the same status', async function () {
    need(this, 'uml_mconsole')
    for (const command of kCommands) {
      const debian = await umlMconsole(command.replace('#', '4'))
      const ours = await console.send(command.replace('#', '5')).then(
        (text) => ({ status: 0, text }),
        (error: unknown) => {
          assert.ok(error instanceof MconsoleError, `${command}: ${String(error)}`)
          return error
        },
      )
      // Its own commands stand behind the kernel's help. And after `stop` and `go` the one answer follows from the other.
      const said = debian.stdout.replace(/\nAdditional local mconsole commands:[^]*/, '')
      const isPair = command === 'stop' || command === 'go'
      if (isPair) continue
      assert.equal(`${ours.status === 0 ? 'OK' : 'ERR'} ${ours.text}`.trim(), said.trim(), command)
      assert.equal(debian.code, (ours.status + kExitCodes) % kExitCodes, command)
    }
  })

  it('stop and go, each as uml_mconsole sees it, and what the guest does meanwhile', async function () {
    need(this, 'uml_mconsole')
    await console.stop()
    assert.equal((await umlMconsole('stop')).stdout.trim(), 'ERR Already stopped')
    await assert.rejects(console.stop(), /Already stopped/)
    let isDone = false
    const command = guest.sh('echo it goes on').then((result) => {
      isDone = true
      return result
    })
    assert.match(await console.version(), /^Linux /)
    await new Promise((resolve) => setTimeout(resolve, 500))
    assert.equal(isDone, false, 'a stopped guest does nothing')
    await console.go()
    assert.equal((await command).output, 'it goes on\n')
    await assert.rejects(console.go(), /Not stopped/)
    assert.equal((await umlMconsole('stop')).stdout.trim(), 'OK stopped')
    await console.go()
  })

  it('what the typed commands return is what the guest has', async () => {
    assert.match(await console.version(), /^Linux \S+ \d+\.\d+/)
    assert.match(await console.help(), /^Commands:/)
    assert.equal(await console.config('con0'), 'fd:0,fd:1')
    for (const file of ['version', '/proc/sys/kernel/ostype', 'mounts', 'filesystems', 'cpuinfo']) {
      const { output } = await guest.sh(`cat /proc/${file.replace('/proc/', '')}`)
      assert.equal(await console.proc(file), output, file)
    }
    await console.log('a line from outside')
    await eventually(
      async () => /a line from outside$/m.test((await guest.sh('dmesg')).output),
      5000,
      'the line in the log',
    )
    assert.match(await console.sysrq('h'), /HELP/)
    await assert.rejects(console.config('eth0'), /No get_config/)
    await assert.rejects(console.proc('net/dev'), /none of net\//)
  })

  it('two clients at once, and uml_mconsole beside them: each gets its own answers', async function () {
    need(this, 'uml_mconsole')
    using other = await Mconsole.open(guest.mconsole)
    const [version, memory] = [await console.version(), await console.config('mem')]
    const ask = async (client: Mconsole, what: 'version' | 'mem') => {
      for (let i = 0; i < 40; i++) {
        if (what === 'version') assert.equal(await client.version(), version)
        else assert.equal(await client.config('mem'), memory)
      }
    }
    const debian = async () => {
      for (let i = 0; i < 10; i++)
        assert.equal((await umlMconsole('config mem')).stdout.trim(), `OK ${memory}`)
    }
    await Promise.all([ask(console, 'version'), ask(other, 'mem'), ask(console, 'mem'), debian()])
  })

  it('a request of another version is refused and done all the same: two answers', async () => {
    const answers: string[] = []
    const octets = new Uint8Array(1024)
    const socket = bindDatagrams(join(lab.dir, 'old'), 0o600, () => {
      for (let length = socket.receive(octets); length >= 0; length = socket.receive(octets))
        answers.push(Buffer.from(decodeReplyPart(octets.slice(0, length))!.data).toString())
    })
    try {
      socket.connect(guest.mconsole)
      socket.send(encodeRequest('version', 1))
      await eventually(() => answers.length === 2)
      assert.match(answers[0]!, /^This driver only supports version 2 clients/)
      assert.match(answers[1]!, /^Linux /)
    } finally {
      socket.close()
    }
    assert.match(await console.version(), /^Linux /)
  })

  it("root asks another user's guest, whose kernel may only write to its own folders", async () => {
    const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
    const other = await lab.host('other')
    for (const folder of [lab.dir, join(lab.dir, 'uml')]) chmodSync(folder, 0o777)
    const theirs = await other.uml('nobody', [], ['eth0=mcast'], {
      ...kLife,
      through: nobody,
      uncontained: true,
    })
    try {
      using asked = await Mconsole.open(theirs.mconsole)
      assert.match(await asked.version(), /^Linux /)
      await asked.halt()
      await theirs.exited
    } finally {
      await theirs.kill()
    }
  })

  it('halt ends a guest, which is gone then; one that was killed leaves a stale folder', async () => {
    const umlDir = join(lab.dir, 'uml')
    const [first, second] = await Promise.all([
      host.uml('halted', [], ['eth0=mcast'], kLife),
      host.uml('killed', [], ['eth0=mcast'], kLife),
    ])
    const stateOf = (each: Guest) => listGuests({ umlDir }).find(({ umid }) => umid === each.umid)?.state
    assert.equal(stateOf(first), 'alive')
    assert.equal(stateOf(second), 'alive')
    using halted = await Mconsole.open(first.umid, { umlDir })
    await halted.halt()
    await first.exited
    await assert.rejects(halted.version(), (error: EthercastError) =>
      ['ENOENT', 'ECONNREFUSED'].includes(error.code),
    )
    assert.equal(stateOf(first), undefined)
    assert.ok(!existsSync(first.mconsole))
    using killed = await Mconsole.open(second.umid, { umlDir })
    await second.kill()
    await eventually(() => stateOf(second) === 'stale')
    await assert.rejects(killed.version(), (error: EthercastError) => error.code === 'ECONNREFUSED')
    await assert.rejects(Mconsole.open(second.umid, { umlDir }), /that guest has ended/)
  })
})
