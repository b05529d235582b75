// The mistakes that must be found before anything is touched, on a real host: a namespace with a NIC on a LAN, a neighbour, and devices of others.
import assert from 'node:assert/strict'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '../support/child.js'
import type { Host } from '../support/host.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import { eventually } from '../support/wait.js'

const bad: Record<string, [text: string, ...expected: RegExp[]]> = {
  'connected prefixes that overlap': [
    'taps:\n  tap0:\n    addresses:\n      - 198.18.9.254/24\n',
    /:4:9: 198\.18\.9\.254\/24 overlaps with 198\.18\.9\.0\/24 of eth0 of this host/,
  ],
  'an address that another machine answers for': [
    'taps:\n  tap0: { addresses: [198.18.9.254/32] }\nforwarding: [ipv4]\nguests:\n  one: { device: tap0, addresses: [198.18.9.2/32], lan: eth0 }\n',
    /:5:36: on eth0 another machine answers for 198\.18\.9\.2 already, ([\da-f]{2}:){5}/,
  ],
  'an IPv6 address that another machine answers for': [
    'taps:\n  tap0: { addresses: ["2001:db8:9::2/128"] }\n',
    /:2:23: on eth0 another machine answers for 2001:db8:9::2 already/,
  ],
  "another device's address": [
    'taps:\n  tap0: { addresses: [198.18.9.1/32] }\n',
    /:2:23: 198\.18\.9\.1 is the address of eth0 of this host, too.*share_address: true/,
  ],
  'a device of another kind': [
    'taps:\n  other0:\n',
    /:2:3: other0 is there already, and somebody else's: it is one end of a veth/,
  ],
  'a tap of another owner': [
    'taps:\n  taken0: { owner: 0 }\n',
    /:2:3: taken0 is there already, and somebody else's: its owner is 4711, not 0/,
  ],
  'the NIC of the default route': [
    'bridges:\n  br0: { ports: [eth0] }\n',
    /:2:18: eth0 carries this host's default route via 198\.18\.9\.3.*confirm: true/,
  ],
  'a port of another bridge': [
    'bridges:\n  br0: { ports: [port0] }\n',
    /:2:18: port0 is a port of bridge0 on this host/,
  ],
  'a long name': [
    'taps:\n  a-tap-of-sixteen:\n',
    /:2:3: taps: a-tap-of-sixteen has 16 characters: a device's name has at most 15/,
  ],
  'an unknown user': [
    'taps:\n  tap0: { owner: nobody-of-that-name }\n',
    /:2:18: there is no user nobody-of-that-name/,
  ],
  'an unknown device': [
    'masquerade: [{ from: 198.18.1.0/24, out: eht0 }]\nforwarding: [ipv4]\n',
    /:1:42: there is no device eht0.*did you mean eth0/,
  ],
}

describe('bad input, on a real host', function () {
  this.timeout(60_000)
  let lab: Lab
  let host: Host

  before(async function () {
    need(this, 'netns', 'tun')
    lab = await Lab.create()
    const [here, neighbour] = [await lab.host('here'), await lab.host('there')]
    host = here
    await lab.link(here, neighbour, { addresses: ['198.18.9.1/24', '198.18.9.2/24'], route239: false })
    await here.ip('link', 'set', 'veth0', 'down')
    await here.ip('link', 'set', 'veth0', 'name', 'eth0', 'up')
    await here.ip('addr', 'add', '2001:db8:9::1/64', 'dev', 'eth0', 'nodad')
    await neighbour.ip('addr', 'add', '2001:db8:9::2/64', 'dev', 'veth0', 'nodad')
    await here.ip('route', 'add', 'default', 'via', '198.18.9.3')
    await here.ip('link', 'add', 'other0', 'type', 'veth', 'peer', 'name', 'other1')
    await here.ip('tuntap', 'add', 'dev', 'taken0', 'mode', 'tap', 'user', '4711')
    await here.ip('link', 'add', 'bridge0', 'type', 'bridge')
    await here.ip('tuntap', 'add', 'dev', 'port0', 'mode', 'tap')
    await here.ip('link', 'set', 'port0', 'master', 'bridge0')
    const isSettled = async () => !(await here.ip('addr')).includes('tentative')
    await eventually(isSettled, 10_000, 'the end of duplicate address detection')
  })

  after(() => lab?.close())

  const judge = async (files: string[]): Promise<string[][]> => {
    const script = ['--import', 'tsx', 'test/host/judge_files.ts']
    const { stdout } = await host.exec(process.execPath, [...script, ...files], {
      check: true,
      timeoutMs: 40_000,
    })
    return JSON.parse(stdout) as string[][]
  }

  it('each is found, in its line and column, and nothing is touched', async () => {
    const files = Object.values(bad).map(([text], index) => {
      const path = join(lab.dir, `${index}.yaml`)
      writeFileSync(path, text)
      return path
    })
    const look = async () => [
      await host.ip('-d', 'link'),
      await host.ip('addr'),
      await host.ip('route'),
      await host.ip('-6', 'route'),
    ]
    const before = await look()
    const found = await judge(files)
    for (const [index, [name, [, ...expected]]] of Object.entries(bad).entries()) {
      const lines = found[index]!
      assert.equal(lines.length, expected.length, `${name}: ${lines.join('\n')}`)
      for (const [at, pattern] of expected.entries()) {
        assert.ok(lines[at]!.startsWith(`${files[index]}:`))
        assert.match(lines[at]!, pattern, name)
      }
    }
    assert.deepEqual(await look(), before)
  })

  it('nothing stands against the examples', async () => {
    const folder = join(projectRoot, 'examples')
    const files = readdirSync(folder).map((name) => join(folder, name))
    assert.deepEqual(
      await judge(files),
      files.map(() => []),
    )
  })
})
