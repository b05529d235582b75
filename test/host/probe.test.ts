// Addresses that other machines have: what is asked for and where, on made-up hosts; and asking a real neighbour.
import assert from 'node:assert/strict'
import type { HostConfigInput } from '../../lib/host/config.js'
import { addressesAnsweredFor, candidates } from '../../lib/host/probe.js'
import type { Answer, Ask } from '../../lib/host/probe.js'
import type { Reality } from '../../lib/host/reality.js'
import { formatIp } from '../../lib/spec/ip.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import { config, link, reality, realityWith, route, tap } from './realities.js'

const routed: HostConfigInput = {
  taps: { tap0: { addresses: ['198.18.0.254/32', '198.18.1.254/24', '2001:db8::fe/128'] } },
  forwarding: ['ipv4', 'ipv6'],
  guests: {
    one: { device: 'tap0', addresses: ['198.18.0.77/32', '2001:db8::77/128', '198.18.1.77/24'], lan: 'eth0' },
  },
  proxy_arp: [{ address: '198.18.0.9', device: 'eth0' }],
}

const asked = (file: HostConfigInput, on: Reality = reality()) =>
  candidates(config(file), on).map(
    ({ address, device, path }) => `${formatIp(address)} ${device} ${path.join('.')}`,
  )

describe('addresses that another machine has: what is asked for', () => {
  it('whatever lies in a net of a LAN: own addresses, guests, proxies', () => {
    assert.deepEqual(asked(routed), [
      '198.18.0.254 eth0 taps.tap0.addresses.0',
      '2001:db8::fe eth0 taps.tap0.addresses.2',
      '198.18.0.77 eth0 guests.one.addresses.0',
      '2001:db8::77 eth0 guests.one.addresses.1',
      '198.18.0.9 eth0 proxy_arp.0.address',
    ])
  })

  it('not what is made already: this host would hear itself, or the guest', () => {
    const made: Reality = {
      ...realityWith(
        tap('tap0', { addresses: link('x', ['198.18.0.254/32', '2001:db8::fe/128']).addresses }),
      ),
      routes: [route('198.18.0.77/32', { device: 'tap0' }), route('2001:db8::77/128', { device: 'tap0' })],
      proxies: [
        { address: '198.18.0.77', device: 'eth0' },
        { address: '198.18.0.9', device: 'eth0' },
      ],
    }
    assert.deepEqual(asked(routed, made), [])
  })

  it('another address of a guest whose device is there already', () => {
    const file: HostConfigInput = {
      taps: { tap0: { addresses: ['198.18.0.254/32'] } },
      slip: { sl0: { host: '198.18.0.254', guest: '198.18.0.89', share_address: true } },
      forwarding: ['ipv4'],
      guests: { one: { device: 'tap0', addresses: ['198.18.0.88/32'], lan: 'eth0' } },
    }
    const addresses = link('x', ['198.18.0.254/32']).addresses
    const devices = [tap('tap0', { addresses }), tap('sl0', { addresses }, { type: 'tun' })]
    const routes = [route('198.18.0.77/32', { device: 'tap0' }), route('198.18.0.90/32', { device: 'sl0' })]
    const before: Reality = {
      ...realityWith(...devices),
      routes,
      proxies: [{ address: '198.18.0.77', device: 'eth0' }],
    }
    assert.deepEqual(asked(file, before), [
      '198.18.0.88 eth0 guests.one.addresses.0',
      '198.18.0.89 eth0 slip.sl0.guest',
    ])
    const after = [route('198.18.0.88/32', { device: 'tap0' }), route('198.18.0.89/32', { device: 'sl0' })]
    assert.deepEqual(asked(file, { ...before, routes: after }), [])
  })

  it("a bridge's own address and its guests', on the NIC that will be a port", () => {
    const file: HostConfigInput = {
      taps: { tap0: {} },
      bridges: { br0: { ports: ['eth0', 'tap0'], addresses: ['198.18.0.6/24'], confirm: true } },
      guests: { one: { device: 'tap0', addresses: ['198.18.0.78/24'] } },
    }
    assert.deepEqual(asked(file), [
      '198.18.0.6 eth0 bridges.br0.addresses.0',
      '198.18.0.78 eth0 guests.one.addresses.0',
    ])
  })

  it('not on loopback, on taps, on what is down, and not for the address that is shared', () => {
    const on = realityWith(
      link('eth0', ['198.18.0.5/24'], { up: false }),
      tap('tap9', { addresses: link('x', ['198.18.2.1/24']).addresses }),
      link('eth1', ['198.18.3.5/24']),
    )
    const file: HostConfigInput = {
      taps: {
        tap0: {
          addresses: ['198.18.0.7/32', '198.18.2.7/32', '127.0.0.9/32', '198.18.3.5/32', 'fe80::1/64'],
          share_address: true,
        },
      },
    }
    assert.deepEqual(asked(file, on), [])
  })

  it('who answers is an objection, what could not be asked a note', async () => {
    const answers: Record<string, Answer> = {
      '198.18.0.77': { is: 'somebody', mac: 'fe:fd:00:00:00:99' },
      '198.18.0.9': { is: 'unknown', why: 'no reason' },
    }
    const ask: Ask = (address) => Promise.resolve(answers[address] ?? { is: 'nobody' })
    const { objections, notes } = await addressesAnsweredFor(config(routed), reality(), ask)
    assert.equal(objections.length, 1)
    assert.deepEqual(objections[0]!.path, ['guests', 'one', 'addresses', 0])
    assert.match(
      objections[0]!.message,
      /on eth0 another machine answers for 198\.18\.0\.77 already, fe:fd:00:00:00:99/,
    )
    assert.deepEqual(notes, ['whether somebody on eth0 has 198.18.0.9 is not known: no reason'])
  })

  it('not without end', async () => {
    const addresses = Array.from(
      { length: 400 },
      (_, index) => `198.18.${4 + (index >> 8)}.${index & 255 || 1}/32`,
    )
    const unique = [...new Set(addresses)]
    let count = 0
    const ask: Ask = () => {
      count++
      return Promise.resolve({ is: 'nobody' })
    }
    const on = realityWith(link('eth1', ['198.18.4.5/21']))
    const { notes } = await addressesAnsweredFor(config({ taps: { tap0: { addresses: unique } } }), on, ask)
    assert.equal(count, 256)
    assert.match(notes[0]!, /more addresses were not asked for: 256 are the most/)
  })
})

describe('addresses that another machine has: asking the LAN', function () {
  this.timeout(60_000)

  it('a neighbour is found by both families, who is not there is not; without privileges, too', async function () {
    need(this, 'netns', 'setpriv')
    await using lab = await Lab.create()
    const [here, there] = [await lab.host('here'), await lab.host('there')]
    await lab.link(here, there, { addresses: ['198.18.9.1/24', '198.18.9.2/24'] })
    await here.ip('addr', 'add', '2001:db8:9::1/64', 'dev', 'veth0', 'nodad')
    await there.ip('addr', 'add', '2001:db8:9::2/64', 'dev', 'veth0', 'nodad')
    // An old entry is asked again after 5 s, three times a second apart, unless told otherwise.
    for (const family of ['ipv4', 'ipv6']) {
      const settings = [
        `net.${family}.neigh.veth0.delay_first_probe_time=1`,
        `net.${family}.neigh.veth0.retrans_time_ms=300`,
      ]
      await here.exec('sysctl', ['-w', ...settings], { check: true })
    }
    const mac = /link\/ether (\S+)/.exec(await there.ip('link', 'show', 'veth0'))![1]!
    const addresses = ['198.18.9.2', '198.18.9.3', '2001:db8:9::2', '2001:db8:9::3', '198.18.77.1']
    const ask = async (...prefix: string[]) => {
      const command = [...prefix, process.execPath, '--import', 'tsx', 'test/host/ask_neighbours.ts', 'veth0']
      const result = await here.exec(command[0]!, [...command.slice(1), ...addresses], {
        check: true,
        timeoutMs: 30_000,
      })
      return JSON.parse(result.stdout) as Answer[]
    }
    const somebody = { is: 'somebody', mac }
    const expected = [somebody, { is: 'nobody' }, somebody, { is: 'nobody' }]
    const unprivileged = [
      'setpriv',
      '--reuid=65534',
      '--regid=65534',
      '--clear-groups',
      '--inh-caps=-all',
      '--bounding-set=-all',
    ]
    for (const prefix of [unprivileged, []]) {
      const answers = await ask(...prefix)
      assert.deepEqual(answers.slice(0, 4), expected)
      assert.equal(answers[4]!.is, 'unknown')
      assert.match(JSON.stringify(answers[4]), /this host's way there is none, not veth0/)
    }
    // A neighbour that was there and went: its entry is old, and is not believed.
    await there.ip('addr', 'del', '198.18.9.2/24', 'dev', 'veth0')
    await here.ip('neigh', 'replace', '198.18.9.2', 'lladdr', mac, 'nud', 'stale', 'dev', 'veth0')
    const answers = await ask()
    assert.deepEqual(answers[0], { is: 'nobody' })
    // One whose entry is old and who is there: it is asked again, and answers.
    await here.ip('neigh', 'replace', '2001:db8:9::2', 'lladdr', mac, 'nud', 'stale', 'dev', 'veth0')
    assert.deepEqual((await ask())[2], somebody)
  })
})
