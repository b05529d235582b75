// The lab itself: real guests reach each other in it, and it leaves nothing behind.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { runNode, startNode } from '../support/child.js'
import { Lab } from '../support/lab.js'
import { namespaceExists, processesIn } from '../support/namespace.js'
import { need } from '../support/need.js'
import { dissect, Recorder } from '../support/recorder.js'
import { eventually } from '../support/wait.js'

const kGuest1 = 'eth0=mcast,fe:fd:c6:12:01:01'
const kGuest2 = 'eth0=mcast,fe:fd:c6:12:01:02'

/** Gone, or dead and only waiting for init to take notice. */
function isGone(pid: number): boolean {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return true
  }
}

describe('lab', function () {
  this.timeout(60_000)
  let lab: Lab

  beforeEach(async function () {
    need(this, 'netns')
    lab = await Lab.create()
  })

  afterEach(() => lab?.close())

  it('two UML guests on one group ping each other', async function () {
    need(this, 'uml')
    const host = await lab.host('a')
    const [first] = await Promise.all([
      host.uml('one', '198.18.1.1/24', [kGuest1]),
      host.uml('two', '198.18.1.2/24', [kGuest2]),
    ])
    const ping = await first.sh('ping -c 2 -i 0.2 -W 2 198.18.1.2')
    assert.equal(ping.code, 0, ping.output)
    assert.match(ping.output, /2 packets received/)
    assert.deepEqual(await first.sh('exit 3'), { code: 3, output: '' })
  })

  it('a guest runs a script, and writes only to the folder of the lab', async function () {
    need(this, 'uml')
    const host = await lab.host('a')
    const guest = await host.uml('one', [], [kGuest1], {
      run: 'echo address $(cat /sys/class/net/eth0/address)',
    })
    assert.equal((await guest.waitForLine(/^address (\S+)/))[1], 'fe:fd:c6:12:01:01')
    assert.equal((await guest.waitForLine(/^GUEST-RAN (\d+)/))[1], '0')
    assert.equal((await guest.sh(`echo here >${lab.dir}/from-guest`)).code, 0)
    assert.equal(readFileSync(`${lab.dir}/from-guest`, 'utf8'), 'here\n')
    assert.match((await guest.sh('touch /tmp/ec-not-writable')).output, /Read-only file system/)
    await assert.rejects(guest.sh('sleep 5', 300), /'sleep 5'/)
  })

  it('a guest has IPv6 and VLANs when asked for', async function () {
    need(this, 'uml')
    const host = await lab.host('a')
    const guest = await host.uml('one', ['198.18.1.1/24', '2001:db8::1/64'], [kGuest1], {
      modules: ['8021q'],
    })
    const addresses = await guest.sh('ip addr show eth0')
    assert.match(addresses.output, /inet 198\.18\.1\.1\/24[^]*inet6 2001:db8::1\/64/)
    assert.equal((await guest.sh('ip link add link eth0 name eth0.7 type vlan id 7')).code, 0)
  })

  it('a QEMU hub with a tap reaches a UML guest', async function () {
    need(this, 'uml', 'qemu', 'tun', 'ping')
    const host = await lab.host('a')
    await host.tap('t0', '198.18.1.2/24', { mac: 'fe:fd:c6:12:01:02' })
    const tap = 'tap,ifname=t0,script=no,downscript=no'
    await Promise.all([
      host.uml('one', '198.18.1.1/24', [kGuest1]),
      host.qemuHub(tap, 'socket,mcast=239.192.168.1:1102'),
    ])
    const ping = await host.exec('ping', ['-c', '2', '-i', '0.2', '-W', '2', '198.18.1.1'])
    assert.equal(ping.code, 0, ping.stdout)
    assert.match(ping.stdout, /2 received, 0% packet loss/)
  })

  it('a recorder hears what guests say, and tshark understands it', async function () {
    need(this, 'uml', 'tshark')
    const host = await lab.host('a')
    const [recorder, guest] = await Promise.all([
      Recorder.start(host, { interface: 'lo' }),
      host.uml('one', '198.18.1.1/24', [kGuest1]),
      host.uml('two', '198.18.1.2/24', [kGuest2]),
    ])
    await guest.sh('ping -c 1 -W 2 -s 1000 198.18.1.2')
    await recorder.waitFor(({ octets }) => octets[34] === 0 && octets.length === 14 + 28 + 1000) // the reply
    await recorder.stop()

    const capture = await recorder.pcapng()
    const arp = await dissect(capture, ['eth.src', 'arp.opcode', 'arp.dst.proto_ipv4', 'frame.len'], {
      filter: 'arp',
    })
    assert.deepEqual(arp.slice(0, 2), [
      ['fe:fd:c6:12:01:01', '1', '198.18.1.2', '42'],
      ['fe:fd:c6:12:01:02', '2', '198.18.1.1', '42'],
    ])
    const icmp = await dissect(capture, ['ip.src', 'icmp.type', 'frame.len'], { filter: 'icmp' })
    assert.deepEqual(icmp, [
      ['198.18.1.1', '8', '1042'],
      ['198.18.1.2', '0', '1042'],
    ])
    const times = (await dissect(capture, ['frame.time_epoch'])).map(([time]) => Number(time))
    assert.equal(times.length, recorder.datagrams.length)
    assert.ok(Math.abs(times[0]! - Date.now() / 1000) < 60)
  })

  it('a cable carries multicast between two hosts', async function () {
    const [a, b] = [await lab.host('a'), await lab.host('b')]
    const { devices, addresses } = await lab.link(a, b, { mtu: 1400 })
    const recorder = await Recorder.start(b, { group: '239.1.2.3', port: 4000, interface: devices[1] })
    const code = `
      const socket = require('node:dgram').createSocket('udp4')
      socket.send('hello', 4000, '239.1.2.3', () => socket.close())`
    await a.exec(process.execPath, ['--eval', code], { check: true })
    const { octets, address } = await recorder.waitFor(() => true)
    assert.deepEqual([octets.toString(), address], ['hello', addresses[0]])
    assert.match(await b.ip('link', 'show', devices[1]), /mtu 1400/)
  })

  it('leaves nothing when closed', async function () {
    need(this, 'uml')
    const host = await lab.host('a')
    await host.uml('one', '198.18.1.1/24', [kGuest1])
    const stubborn = host.spawn('sh', ['-c', 'trap "" TERM; sleep 60 & echo started; sleep 60'])
    await stubborn.waitForLine(/^started$/)
    const pids = processesIn(host.namespace)
    assert.ok(pids.length > 4)
    await lab.close()
    assert.equal(namespaceExists(host.namespace), false)
    assert.equal(existsSync(lab.dir), false)
    assert.deepEqual(
      pids.filter((pid) => !isGone(pid)),
      [],
    )
  })

  for (const how of [
    'process.exit(0)',
    "process.kill(process.pid, 'SIGTERM')",
    "process.kill(process.pid, 'SIGKILL')",
  ]) {
    it(`leaves no process after ${how}`, async function () {
      need(this, 'uml')
      const code = `
        import { Lab } from './test/support/lab.ts'
        import { processesIn } from './test/support/namespace.ts'
        const lab = await Lab.create()
        const host = await lab.host('a')
        await host.uml('one', '198.18.1.1/24', ['${kGuest1}'])
        host.node({ code: 'setInterval(() => {}, 1000)' })
        console.log(JSON.stringify({ dir: lab.dir, namespace: host.namespace, pids: processesIn(host.namespace) }))
        ${how}
        setInterval(() => {}, 1000)`
      const child = await runNode({ code }, [], { nodeArgs: ['--import', 'tsx'], timeoutMs: 20_000 })
      const left = JSON.parse(child.stdout) as { dir: string; namespace: string; pids: number[] }
      assert.ok(left.pids.length > 4, child.stderr)
      await eventually(() => left.pids.every(isGone), 5000, 'the end of all processes')
      if (child.signal === 'SIGKILL') await (await Lab.create()).close() // the next lab sweeps
      assert.equal(namespaceExists(left.namespace), false)
      assert.equal(existsSync(left.dir), false)
    })
  }
})

describe('child processes', () => {
  it('a child says how it ended, and does not outstay its time', async () => {
    assert.deepEqual(await runNode({ code: "console.log('out'); console.error('err'); process.exit(4)" }), {
      code: 4,
      signal: null,
      stdout: 'out\n',
      stderr: 'err\n',
    })
    await assert.rejects(
      runNode({ code: 'setInterval(() => {}, 1000)' }, [], { timeoutMs: 500 }),
      /did not end/,
    )
    const child = startNode({ code: "console.log('port 12' + 34); setInterval(() => {}, 1000)" })
    assert.equal((await child.waitForLine(/port (\d+)/))[1], '1234')
    await assert.rejects(child.waitForLine(/never/, 100), /did not print/)
    assert.deepEqual(await child.kill('SIGINT'), { code: null, signal: 'SIGINT' })
    await assert.rejects(child.waitForLine(/never/), /ended by SIGINT/)
  })
})
