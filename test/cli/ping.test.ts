/** `ethercast ping`, against hosts in this process on loopback groups that nobody else has. */

import assert from 'node:assert/strict'
import { connect, macFromIpv4 } from '../../lib/index.js'
import { NetNode } from '../../lib/net/node.js'
import { run } from '../support/running.js'
import { loGroup, useSwitches } from '../api/lan.js'
import { assertRefused, endAllAfterEach, ethercast, events, start, theEvent } from './cli.js'

const TARGET = '198.18.0.2'
const TARGET6 = '2001:db8::2'
/** Fast, on loopback. */
const QUICK = ['-i', '0.05', '-W', '300ms']

describe('cli: ping', function () {
  this.timeout(30_000)
  endAllAfterEach()
  const { keep } = useSwitches()
  let spec: string
  let target: NetNode

  beforeEach(async () => {
    spec = loGroup()
    target = new NetNode(keep(await connect(spec, { address: TARGET })), { ipv4: TARGET, ipv6: TARGET6 })
  })
  afterEach(() => target.close())

  it('prints replies and a summary as ping(8) does', async () => {
    const { code, stdout, stderr } = await ethercast('ping', spec, TARGET, '-c', '3', ...QUICK)
    assert.equal(code, 0, stderr)
    const time = String.raw`\d+\.\d{1,3}`
    const lines = [
      String.raw`ping 198\.18\.0\.2 from 198\.18\.0\.\d+: 56 octets of data`,
      ...[1, 2, 3].map((seq) => String.raw`64 octets from 198\.18\.0\.2: seq=${seq} ttl=64 time=${time} ms`),
      '',
      String.raw`--- 198\.18\.0\.2 ---`,
      String.raw`3 transmitted, 3 received, 0% loss, \d+ ms`,
      `rtt min/avg/max/mdev = ${time}/${time}/${time}/${time} ms`,
    ]
    assert.match(stdout, new RegExp(`^${lines.join('\n')}\n$`))
    assert.match(stderr, /MAC fe:fd:c6:12:00:[0-9a-f]{2}, interface lo/)
  })

  it('--json: ready, a reply each, done', async () => {
    const from = '198.18.0.9'
    const result = await ethercast('ping', spec, TARGET, '-c', '2', '--from', from, '--json', ...QUICK)
    assert.equal(result.code, 0, result.stderr)
    const list = events(result)
    assert.deepEqual(
      list.map(({ event }) => event),
      ['ready', 'reply', 'reply', 'done'],
    )
    const ready = theEvent(list, 'ready')
    assert.deepEqual([ready.target, ready.from, ready.mac], [TARGET, from, macFromIpv4(from)])
    const { transmitted, received, lossPercent, unresolved } = theEvent(list, 'done')
    assert.deepEqual([transmitted, received, lossPercent, unresolved], [2, 2, 0, 0])
  })

  it('-q leaves the first line and the summary', async () => {
    const { code, stdout } = await ethercast('ping', spec, TARGET, '-c', '2', '-q', ...QUICK)
    assert.equal(code, 0)
    assert.match(stdout, /^ping .*\n\n--- .*\n2 transmitted.*\nrtt .*\n$/)
  })

  it('the MAC address is that of --mac, else of the spec', async () => {
    const withMac = spec.replace('mcast,,', 'mcast,2:0:0:0:0:b,')
    const mac = async (...args: string[]) => {
      const result = await ethercast('ping', ...args, TARGET, '-c', '1', '--json', ...QUICK)
      return theEvent(events(result), 'ready').mac
    }
    assert.equal(await mac(withMac), '02:00:00:00:00:0b')
    assert.equal(await mac(withMac, '--mac', '2:0:0:0:0:c'), '02:00:00:00:00:0c')
  })

  it('IPv6, from a free address and from the link-local one', async () => {
    const global = await ethercast('ping', spec, TARGET6, '-c', '2', ...QUICK)
    assert.equal(global.code, 0, global.stderr)
    assert.match(global.stdout, /^ping 2001:db8::2 from 2001:db8::[^]*2 received, 0% loss/)
    const local = target.addresses.find((address) => address.startsWith('fe80::'))!
    const linkLocal = await ethercast('ping', spec, local, '-c', '2', ...QUICK)
    assert.equal(linkLocal.code, 0, linkLocal.stderr)
    assert.match(linkLocal.stdout, /^ping fe80::\S+ from fe80::[^]*2 received, 0% loss/)
  })

  it('-s sets the octets of data, up to the MTU', async () => {
    const from = ['--from', '198.18.0.9', '-c', '1', ...QUICK]
    const most = await ethercast('ping', spec, TARGET, '-s', '1472', ...from)
    assert.match(most.stdout, /^1480 octets from/m)
    const jumbo = await ethercast('ping', `${spec},mtu=9000`, TARGET, '-s', '8972', ...from)
    assert.match(jumbo.stdout, /^8980 octets from/m)
    assertRefused(await ethercast('ping', spec, TARGET, '-s', '1473', ...from), /1473.*0 to 1472/)
  })

  it('nobody there: exit code 1, and where to look', async () => {
    const from = ['--from', '198.18.0.9']
    const { code, stdout, stderr } = await ethercast('ping', spec, '198.18.0.3', '-c', '2', ...from, ...QUICK)
    assert.equal(code, 1)
    assert.match(
      stdout,
      /nobody answers ARP for 198\.18\.0\.3: seq=1\n[^]*2 transmitted, 0 received, 100% loss/,
    )
    assert.match(stderr, /Nobody answered ARP[^]*interface lo \(as configured\)[^]*ethercast doctor mcast,,/)
  })

  it('nobody there, --json: time-outs without a neighbour', async () => {
    const args = ['-c', '2', '--from', '198.18.0.9', '--json', ...QUICK]
    const result = await ethercast('ping', spec, '198.18.0.3', ...args)
    assert.equal(result.code, 1)
    const list = events(result)
    const timeouts = list.filter(({ event }) => event === 'timeout')
    assert.deepEqual(
      timeouts.map(({ seq, resolved }) => [seq, resolved]),
      [
        [1, false],
        [2, false],
      ],
    )
    assert.equal(theEvent(list, 'done').unresolved, 2)
  })

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`without -c it goes on until ${signal}, which gives the summary`, async () => {
      const child = start(['ping', spec, TARGET, '--from', '198.18.0.9', ...QUICK])
      await child.waitForLine(/seq=3/)
      child.signal(signal)
      const { code, stdout } = await child.result()
      assert.equal(code, 0)
      assert.match(stdout, /\d+ transmitted, \d+ received/)
    })
  }

  it('ends quietly when its reader has left', async () => {
    const line = `node dist/cli/main.js ping ${spec} ${TARGET} -i 0.05 | head -1; echo "\${PIPESTATUS[0]}"`
    const { stdout, stderr } = await run('bash', ['-c', line], { timeoutMs: 10_000 })
    assert.match(stdout, /^ping .*\n0\n$/)
    assert.doesNotMatch(stderr, /EPIPE|Error/)
  })

  it('refuses what can not be meant', async () => {
    assertRefused(await ethercast('ping', 'mcst', TARGET), /did you mean mcast/)
    assertRefused(await ethercast('ping', spec, 'nobody'), /"nobody" is not an IPv4 or IPv6 address/)
    assertRefused(await ethercast('ping', spec, '224.0.0.1'), /224\.0\.0\.1.* unicast/)
    assertRefused(await ethercast('ping', spec, TARGET, '--from', '::1'), /--from.*not an IPv4 address/)
    assertRefused(await ethercast('ping', spec, TARGET, '--mac', '1:0:0:0:0:0'), /group address/)
    assertRefused(await ethercast('ping', spec, TARGET, '-c', '0'), /--count.*whole numbers from 1/)
    assertRefused(await ethercast('ping', spec, TARGET, '-i', 'often'), /--interval.*A duration is/)
    assertRefused(await ethercast('ping', spec), /missing required argument 'address'/)
  })
})
