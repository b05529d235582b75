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

describe('the command lines of the demo', function () {
  this.timeout(60_000)
  let lab: Lab
  let host: Host
  let elsewhere: Host
  let home: string
  let demo: Running
  let lines: { ping: string; qemu: string; uml: string; umlSetup: string }

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

    demo = asUser(`${process.execPath} dist/cli/main.js demo`)
    await demo.waitForLine(/^\d+ s: .* pings answered/)
    const printed = demo.stdout.split('\n').map((line) => line.trim())
    const find = (start: string) => printed.find((line) => line.startsWith(start))!
    lines = {
      // npx makes the program executable first, which only the owner of the folder can.
      ping: find('npx ethercast ping ').replace('npx ethercast', `${process.execPath} dist/cli/main.js`),
      qemu: find('qemu-system-x86_64 '),
      uml: find('linux.uml '),
      umlSetup: find('ip link set eth0 up;'),
    }
    for (const [name, line] of Object.entries(lines)) assert.ok(line, `no line for ${name}: ${demo.stdout}`)
  })

  after(() => lab?.close())

  /** The node that the lines name. */
  const node = () => /(\S+)$/.exec(lines.ping)![1]!
  const netdev = () => /-netdev (\S+)/.exec(lines.qemu)![1]!
  const [group, port] = [() => /mcast=([^:]+):/.exec(netdev())![1]!, () => /:(\d+),/.exec(netdev())![1]!]

  /** Boots a UML guest from a printed line and types another at its shell; it then pings the node for ever. */
  async function boot(line: string, setup: string): Promise<Running> {
    const guest = asUser(line)
    await guest.waitForLine(/job control turned off/, kBootMs) // the shell's first words: now somebody reads
    guest.write(`${setup}\n`)
    await guest.waitForLine(new RegExp(`bytes from ${node().replaceAll('.', '\\.')}: .*seq=3 `), kBootMs)
    return guest
  }

  it('the host is one where multicast goes elsewhere', async () => {
    assert.match(await host.ip('route', 'get', group()), /dev veth0/)
    assert.doesNotMatch(await host.ip('route'), /^239/m)
    assert.doesNotMatch(await host.ip('link', 'show', 'lo'), /MULTICAST/)
    assert.match(demo.stdout, /UML's own eth0=mcast can't join: it would go out by veth0/)
  })

  it('the line for a ping works', async () => {
    const ping = asUser(lines.ping)
    await ping.waitForLine(new RegExp(`from ${node().replaceAll('.', '\\.')}.*seq=2`))
    const { code } = await ping.kill('SIGINT')
    assert.equal(code, 0, ping.stdout + ping.stderr)
  })

  it('the line for QEMU works: what sits behind that -netdev reaches a node, and is reached', async () => {
    // A UML guest behind QEMU's hub stands for the machine, which would need a disk of its own.
    const [inner, outer] = [Number(port()) + 5, Number(port()) + 6]
    const second = `socket,id=inner,udp=127.0.0.1:${inner},localaddr=127.0.0.1:${outer}`
    const hub = (id: string) => `-netdev hubport,id=hub-${id},hubid=0,netdev=${id}`
    const qemu = asUser(
      `qemu-system-x86_64 -M none -nodefaults -display none -monitor none -serial none -qmp stdio ` +
        `-netdev ${netdev()} -netdev ${second} ${hub('lan')} ${hub('inner')}`,
    )
    qemu.write('{"execute":"qmp_capabilities"}\n')
    await qemu.waitForLine(/^\{"return": \{\}\}/)
    const address = /Let a QEMU guest in, as (\S+)/.exec(demo.stdout)![1]!
    const uml = lines.uml.replace(/eth0=\S+$/, `eth0=ucast,,127.0.0.1,${inner},${outer}`)
    const guest = await boot(uml, lines.umlSetup.replace(/add \S+/, `add ${address}`))
    await assertReached(address.replace(/\/.*/, ''))
    await Promise.all([guest.kill('SIGKILL'), qemu.kill()])
  })

  it('the line for QEMU works as it stands: the machine asks for its network with the MAC given', async () => {
    const recorder = await Recorder.start(host, { group: group(), port: Number(port()), interface: 'lo' })
    const mac = /mac=([\da-f:]+)/.exec(lines.qemu)![1]!.replaceAll(':', '')
    // Without a disk its firmware boots from the network. There is no screen here to show it on.
    const qemu = asUser(`${lines.qemu} -display none`)
    await eventually(
      () => recorder.frames.some((frame) => frame.toString('hex', 6, 12) === mac),
      kBootMs,
      `a frame from the machine (${qemu.stderr})`,
    )
    await Promise.all([qemu.kill(), recorder.stop()])
  })

  it('the lines for UML work: the guest reaches a node, and is reached', async () => {
    const guest = await boot(lines.uml, lines.umlSetup)
    await assertReached(/addr add ([\d.]+)/.exec(lines.umlSetup)![1]!)
    await guest.kill('SIGKILL')
  })

  it('the demo has seen them as guests, and ends well; nothing of it went out by the default route', async () => {
    assert.match(demo.stdout, /[1-9] guests?$/m)
    const { stdout } = await elsewhere.exec('cat', ['/proc/net/dev'], { check: true })
    const { code } = await demo.kill('SIGINT')
    assert.equal(code, 0, demo.stderr)
    assert.match(demo.stdout, /were answered, 0 were not/)
    assert.doesNotMatch(demo.stdout, /[1-9]\d* dropped/)
    // A few neighbour and router solicitations; pings would be thousands of octets.
    const octets = Number(/veth0:\s*(\d+)/.exec(stdout)![1])
    assert.ok(octets < 3000, `${octets} octets came over the cable`)
  })

  /** From outside, by the line for a ping with another address. */
  async function assertReached(address: string): Promise<void> {
    const ping = asUser(`${lines.ping.replace(/\S+$/, address)} -c 2`)
    const { code, stdout, stderr } = await ping.result()
    assert.equal(code, 0, stdout + stderr)
  }
})
