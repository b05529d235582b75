// The command lines that the demo prints are pasted here as they stand, by a user without any privilege, on a host where
// multicast would go elsewhere: its default route is another interface, loopback has no multicast flag, 239/8 has no route.
import assert from 'node:assert/strict'
import { chmodSync, chownSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Host } from '../support/host.js'
import { Lab } from '../support/lab.js'
import { projectRoot } from '../support/child.js'
import { need } from '../support/need.js'
import { Recorder } from '../support/recorder.js'
import type { Running } from '../support/running.js'
import { eventually } from '../support/wait.js'

const kNobody = 65534
const kUser = ['--reuid', String(kNobody), '--regid', String(kNobody), '--clear-groups']
const kBootMs = 30_000
const kEthercast = `${process.execPath} dist/cli/main.js`
const kNode = '198.18.0.1'

interface Ready {
  event: string
  group: string
  port: number
  nodes: { address: string; mac: string }[]
  guests: { qemu: string; uml: string }
  commands: { ping: string; qemu: string; uml: string; umlSetup: string; whyNoUmlMcast?: string }
}

describe('the command lines of the demo', function () {
  this.timeout(60_000)
  let lab: Lab
  let host: Host
  let elsewhere: Host
  let home: string
  let demo: Running
  let ready: Ready

  /** Runs a line of shell as a user without privileges. */
  const asUser = (line: string) =>
    host.spawn(
      'setpriv',
      [...kUser, '--no-new-privs', '--pdeathsig', 'KILL', '--', 'sh', '-c', `exec ${line}`],
      {
        cwd: projectRoot,
        env: { HOME: home, TMPDIR: home },
      },
    )

  before(async function () {
    need(this, 'uml', 'qemu')
    lab = await Lab.create()
    host = await lab.host('a', { multicastLo: false, route239: false })
    elsewhere = await lab.host('b', { route239: false })
    const { addresses } = await lab.link(host, elsewhere, { route239: false })
    await host.ip('route', 'add', 'default', 'via', addresses[1])
    home = join(lab.dir, 'home')
    mkdirSync(home)
    chownSync(home, kNobody, kNobody)
    chmodSync(lab.dir, 0o711)

    // What --json says is what is printed, one command a line.
    const printed = await asUser(`${kEthercast} demo --for 1s`).result()
    assert.equal(printed.code, 0, printed.stderr)
    demo = asUser(`${kEthercast} demo --json`)
    await demo.waitForLine(/"event":"stats"/)
    ready = JSON.parse(demo.stdout.split('\n')[0]!) as Ready
    assert.equal(ready.event, 'ready')
    for (const command of ['ping', 'qemu', 'uml', 'umlSetup'] as const) {
      const lines = printed.stdout.split('\n').map((line) => line.trim())
      assert.ok(lines.includes(ready.commands[command]), `${command}: ${printed.stdout}`)
    }
  })

  after(() => lab?.close())

  const netdev = () => /-netdev (\S+)/.exec(ready.commands.qemu)![1]!
  // npx makes the program executable first, which only the owner of the folder can.
  const ping = (address: string) =>
    ready.commands.ping.replace('npx ethercast', kEthercast).replace(/\S+$/, address)

  /** Boots a UML guest from a printed line and types another at its shell; it then pings the node. */
  async function boot(line: string, setup: string): Promise<Running> {
    const guest = asUser(line)
    await guest.waitForLine(/job control turned off/, kBootMs) // the shell's first words: now somebody reads
    guest.write(`${setup}\n`)
    await guest.waitForLine(new RegExp(`bytes from ${kNode}: .*seq=3 `), kBootMs)
    return guest
  }

  it('the host is one where multicast goes elsewhere', async () => {
    assert.match(await host.ip('route', 'get', ready.group), /dev veth0/)
    assert.doesNotMatch(await host.ip('route'), /^239/m)
    assert.doesNotMatch(await host.ip('link', 'show', 'lo'), /MULTICAST/)
    assert.match(ready.commands.whyNoUmlMcast!, /veth0/)
    assert.equal(ready.nodes[0]!.address, kNode)
  })

  it('the line for a ping works', async () => {
    const pings = asUser(ping(kNode))
    await pings.waitForLine(/198\.18\.0\.1.*seq=2/)
    const { code } = await pings.kill('SIGINT')
    assert.equal(code, 0, pings.stdout + pings.stderr)
  })

  it('the line for QEMU works: what sits behind that -netdev reaches a node, and is reached', async () => {
    // A UML guest behind QEMU's hub stands for the machine, which would need a disk of its own.
    const [inner, outer] = [ready.port + 5, ready.port + 6]
    const second = `socket,id=inner,udp=127.0.0.1:${inner},localaddr=127.0.0.1:${outer}`
    const hub = (id: string) => `-netdev hubport,id=hub-${id},hubid=0,netdev=${id}`
    const qemu = asUser(
      `qemu-system-x86_64 -M none -nodefaults -display none -monitor none -serial none -qmp stdio ` +
        `-netdev ${netdev()} -netdev ${second} ${hub('lan')} ${hub('inner')}`,
    )
    qemu.write('{"execute":"qmp_capabilities"}\n')
    await qemu.waitForLine(/^\{"return": \{\}\}/)
    const uml = ready.commands.uml.replace(/eth0=\S+$/, `eth0=ucast,,127.0.0.1,${inner},${outer}`)
    const setup = ready.commands.umlSetup.replace(ready.guests.uml, ready.guests.qemu)
    const guest = await boot(uml, setup)
    await assertReached(ready.guests.qemu, 'QEMU')
    await Promise.all([guest.kill('SIGKILL'), qemu.kill()])
  })

  it('the line for QEMU works as it stands: the machine asks for its network with the MAC given', async () => {
    const { group, port } = ready
    const recorder = await Recorder.start(host, { group, port, interface: 'lo' })
    const mac = /mac=([\da-f:]+)/.exec(ready.commands.qemu)![1]!.replaceAll(':', '')
    // Without a disk its firmware boots from the network. There is no screen here to show it on.
    const qemu = asUser(`${ready.commands.qemu} -display none`)
    await eventually(
      () => recorder.frames.some((frame) => frame.toString('hex', 6, 12) === mac),
      kBootMs,
      `a frame from the machine (${qemu.stderr})`,
    )
    await Promise.all([qemu.kill(), recorder.stop()])
  })

  it('the lines for UML work: the guest reaches a node, and is reached', async () => {
    const guest = await boot(ready.commands.uml, ready.commands.umlSetup)
    await assertReached(ready.guests.uml, 'UML')
    await guest.kill('SIGKILL')
  })

  it('the demo ends well, and nothing of it went out by the default route', async () => {
    const { stdout } = await elsewhere.exec('cat', ['/proc/net/dev'], { check: true })
    const { code } = await demo.kill('SIGINT')
    assert.equal(code, 0, demo.stderr)
    const done = JSON.parse(demo.stdout.trim().split('\n').at(-1)!) as {
      pings: { sent: number; answered: number }
      frames: { dropped: number }
    }
    assert.equal(done.pings.answered, done.pings.sent)
    assert.equal(done.frames.dropped, 0)
    // A few neighbour and router solicitations; pings would be hundreds of frames.
    const [octets] = /veth0:\s*(\d+)/.exec(stdout)!.slice(1).map(Number)
    assert.ok(octets! < 5000, `${octets} octets came over the cable`)
  })

  /** From outside, by the line for a ping with another address; and by the demo, which shows the guest. */
  async function assertReached(address: string, name: string): Promise<void> {
    const { code, stdout, stderr } = await asUser(`${ping(address)} -c 2`).result()
    assert.equal(code, 0, stdout + stderr)
    await demo.waitForLine(new RegExp(`"name":"${name}","address":"${address}","mac"`))
  }
})
