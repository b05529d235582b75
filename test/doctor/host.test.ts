/** What the doctor knows of the host itself; on hosts that are made up, each ailment alone. */

import assert from 'node:assert/strict'
import { examine, hostFacts } from '../../lib/doctor/index.js'
import type { Finding, HostFacts, HostLink } from '../../lib/doctor/index.js'
import { joinedGroups } from '../../lib/doctor/network.js'
import type { HostDevice, HostNetwork } from '../../lib/doctor/network.js'
import { alive, dead, eth0, host, lo, sockets } from './made_up.js'

const found = (changes: Partial<HostFacts>) =>
  examine(host(changes)).filter(
    ({ level, check }) => level !== 'ok' || !['node', 'tools', 'guests'].includes(check),
  )

/** The one finding of a check. */
function find(check: string, changes: Partial<HostFacts>): Finding {
  const all = found(changes).filter((finding) => finding.check === check)
  assert.equal(all.length, 1, `${check} is looked at once: ${JSON.stringify(found(changes))}`)
  return all[0]!
}

/** Kernel settings: those named, and a healthy host's for all others. */
const settings =
  (values: Record<string, string>): HostFacts['sysctl'] =>
  (name) =>
    values[name] ?? String(8 << 20)

const device = (name: string, more: Partial<HostDevice> = {}): HostDevice => ({
  name,
  mtu: 1500,
  groups: [],
  ...more,
})
const bridge = (name: string, isOn: boolean, isQuerier = false, mtu = 1500) =>
  device(name, { mtu, snooping: { isOn, isQuerier } })
const network = (devices: HostDevice[], more: Partial<HostNetwork> = {}): Partial<HostFacts> => ({
  network: () => ({ devices, ...more }),
})

const tap = (name: string, changes: Partial<HostLink> = {}): HostLink => ({
  name,
  kind: 'tun',
  mtu: 1500,
  isTap: true,
  hasMultiQueue: false,
  isPersistent: true,
  queues: 0,
  isUp: true,
  hasCarrier: false,
  ...changes,
})

describe('doctor: the host', () => {
  it('a host in the best of health has nothing but ok', () => {
    assert.deepEqual(
      examine(host()).filter(({ level }) => level !== 'ok'),
      [],
    )
  })

  describe('/dev/net/tun', () => {
    const user = { uid: 1000, groups: [1000, 108], hasNetAdmin: false, hasNetRaw: false }
    const access = (mode: number, gid = 0, groupName?: string, more: Partial<HostFacts> = {}) =>
      find('access', { user, tunDevice: () => ({ mode, uid: 0, gid, groupName }), ...more })

    it('is not there', () => {
      const finding = find('access', { tunDevice: () => 'ENOENT' })
      assert.equal(finding.level, 'note')
      assert.match(finding.what, /no \/dev\/net\/tun \(ENOENT\)/)
      assert.equal(finding.remedy![0], 'sudo modprobe tun')
    })

    it('is for root alone', () => {
      const finding = access(0o600)
      assert.equal(finding.level, 'note')
      assert.match(finding.what, /for root alone \(0600\), and this user \(1000\) is not among them/)
      assert.ok(finding.remedy!.includes('sudo chgrp tun /dev/net/tun; sudo chmod 0660 /dev/net/tun'))
    })

    it('is for a group that this user is not in', () => {
      const finding = access(0o660, 44, 'tun')
      assert.match(finding.what, /for root and the group tun \(0660\)/)
      assert.match(finding.remedy![0]!, /^sudo usermod -aG tun \$USER/)
      assert.match(access(0o660, 44).what, /the group 44 /)
    })

    it('is for this user', () => {
      assert.equal(access(0o660, 108, 'tun').level, 'ok')
      assert.equal(access(0o666).level, 'ok')
      assert.match(access(0o666).what, /for everybody \(0666\)/)
      assert.equal(
        access(0o606, 108).level,
        'note',
        "the group's bits count for its members, not the others'",
      )
      assert.equal(access(0o600, 0, 'root', { user: { ...user, uid: 0 } }).level, 'ok')
    })

    it('may be used by its mode, and is kept away by the container', () => {
      const finding = access(0o666, 0, 'root', { tunFeatures: () => 'EPERM' })
      assert.equal(finding.level, 'note')
      assert.match(finding.what, /does not open \(EPERM\)/)
      assert.match(finding.remedy![0]!, /--device \/dev\/net\/tun/)
      const nodev = access(0o666, 0, 'root', { tunFeatures: () => 'ENODEV' })
      assert.deepEqual(nodev.remedy, ['sudo modprobe tun'])
    })
  })

  it('capabilities that this process has not', () => {
    const rights = (hasNetAdmin: boolean, hasNetRaw?: boolean) =>
      find('rights', { user: { uid: 1000, groups: [], hasNetAdmin, hasNetRaw } })
    assert.equal(rights(true, true).level, 'ok')
    assert.match(rights(false, false).what, /^without CAP_NET_ADMIN and CAP_NET_RAW: .* or capture$/)
    assert.match(rights(false, true).what, /^without CAP_NET_ADMIN: /)
    assert.match(rights(true, false).what, /^without CAP_NET_RAW: this process can't capture$/)
  })

  it('forwarding that is off, each family of its own', () => {
    const off4 = find('forwarding', {
      sysctl: settings({ 'net.ipv4.ip_forward': '0', 'net.ipv6.conf.all.forwarding': '0' }),
    })
    assert.equal(off4.level, 'note')
    assert.match(off4.what, /no IPv4 and no IPv6/)
    assert.deepEqual(off4.remedy, [
      'sudo sysctl -w net.ipv4.ip_forward=1',
      'sudo sysctl -w net.ipv6.conf.all.forwarding=1',
      'in ethercast.yaml: forwarding: [ipv4, ipv6]',
    ])
    const half = found({ sysctl: settings({ 'net.ipv6.conf.all.forwarding': '0' }) }).filter(
      ({ check }) => check === 'forwarding',
    )
    assert.deepEqual(
      half.map(({ level, what }) => [level, what]),
      [
        ['ok', 'this host forwards IPv4 between its devices'],
        ['note', 'this host forwards no IPv6 between its devices'],
      ],
    )
    const without = (name: string) => (name.startsWith('net.ipv6') ? undefined : '1')
    assert.deepEqual(
      found({ sysctl: without }).filter(({ check }) => check === 'forwarding').length,
      1,
      'a kernel without IPv6 is no ailment',
    )
  })

  describe('the reverse path filter', () => {
    const devices = [
      device('eth0', { groups: ['239.192.168.1'] }),
      device('eth1'),
      device('tap0'),
      bridge('br.5', false),
    ]
    const link = (name: string) => (name === 'tap0' ? tap(name, { hasCarrier: true }) : undefined)
    const reverse = (values: Record<string, string>) =>
      find('reverse', { ...network(devices), link, sysctl: settings(values) })

    it('strict for all: devices with groups, taps and bridges are named, others not', () => {
      const finding = reverse(
        Object.fromEntries(
          ['all', 'eth0', 'eth1', 'tap0', 'br/5'].map((name) => [`net.ipv4.conf.${name}.rp_filter`, '1']),
        ),
      )
      assert.equal(finding.what, 'strict reverse path filter (rp_filter 1) on eth0, tap0, br.5')
      assert.deepEqual(finding.remedy!.slice(1), [
        'sudo sysctl -w net.ipv4.conf.all.rp_filter=2',
        'sudo sysctl -w net.ipv4.conf.eth0.rp_filter=2',
        'sudo sysctl -w net.ipv4.conf.tap0.rp_filter=2',
        'sudo sysctl -w net.ipv4.conf.br/5.rp_filter=2',
      ])
    })

    it('the greater of both values counts', () => {
      const of = (all: string, eth: string) =>
        found({
          ...network([devices[0]!]),
          sysctl: settings({ 'net.ipv4.conf.all.rp_filter': all, 'net.ipv4.conf.eth0.rp_filter': eth }),
        }).filter(({ check }) => check === 'reverse').length
      assert.deepEqual(
        [of('0', '0'), of('1', '0'), of('0', '1'), of('1', '2'), of('2', '1')],
        [0, 1, 1, 0, 0],
      )
    })
  })

  it("others' packet filters that drop what is forwarded", () => {
    const chain = { by: 'nft' as const, family: 'ip', table: 'filter', name: 'FORWARD', isDockers: false }
    const firewall = (changes: object) =>
      find('firewall', network([], { dropping: [{ ...chain, ...changes }] }))
    const plain = firewall({ family: 'inet' })
    assert.equal(plain.level, 'warning')
    assert.match(plain.what, /nft inet filter FORWARD/)
    assert.match(plain.remedy![0]!, /^sudo nft insert rule inet filter FORWARD iifname tap0 accept /)
    assert.match(
      firewall({ isDockers: true }).remedy![1]!,
      /^sudo iptables -I DOCKER-USER -o tap0 -j ACCEPT /,
    )
    assert.match(firewall({ by: 'iptables' }).remedy![0]!, /^sudo iptables-legacy -I FORWARD -i tap0 /)
    assert.deepEqual(
      found(network([], { dropping: [] })).filter(({ check }) => check === 'firewall'),
      [],
    )
  })

  describe('bridges', () => {
    it('no bridge, nothing said of bridges', () => {
      const checks = found(network([device('eth0')])).map(({ check }) => check)
      for (const name of ['filtering', 'snooping', 'mtus']) assert.ok(!checks.includes(name))
    })

    it('frames that pass through packet filters', () => {
      const changes = network([bridge('br0', false)])
      assert.equal(find('filtering', changes).level, 'ok')
      const sysctl = settings({
        'net.bridge.bridge-nf-call-iptables': '1',
        'net.bridge.bridge-nf-call-arptables': '1',
      })
      const finding = find('filtering', { ...changes, sysctl })
      assert.equal(finding.level, 'note')
      assert.match(finding.what, /\(bridge-nf-call-iptables, bridge-nf-call-arptables\)$/)
      assert.match(finding.remedy![0]!, /^sudo sysctl -w net\.bridge\.bridge-nf-call-iptables=0 /)
    })

    it('snooping without a querier', () => {
      const snooping = (...how: [boolean, boolean]) => find('snooping', network([bridge('br0', ...how)]))
      const finding = snooping(true, false)
      assert.equal(finding.level, 'note')
      assert.match(finding.remedy![0]!, /^sudo ip link set dev br0 type bridge mcast_querier 1 /)
      assert.equal(snooping(true, true).level, 'ok')
      assert.ok(!found(network([bridge('br0', false)])).some(({ check }) => check === 'snooping'))
    })

    it('MTUs that are unlike', () => {
      const port = (name: string, mtu: number) => device(name, { mtu, bridge: 'br0' })
      const finding = find(
        'mtus',
        network([bridge('br0', false, false, 1400), port('tap0', 1400), port('eth0', 9000), device('eth1')]),
      )
      assert.equal(finding.level, 'warning')
      assert.match(finding.what, /br0 are unlike: br0 1400, tap0 1400, eth0 9000$/)
      assert.deepEqual(finding.remedy, ['sudo ip link set dev eth0 mtu 1400'])
      assert.ok(
        !found(network([bridge('br0', false), port('tap0', 1500)])).some(({ check }) => check === 'mtus'),
      )
    })
  })

  it('buffers that are limited, which they are not for who has the capability', () => {
    const sysctl = settings({ 'net.core.rmem_max': '212992' })
    const user = { uid: 1000, groups: [], hasNetAdmin: false }
    const finding = find('buffers', { sysctl, user })
    assert.equal(finding.level, 'note')
    assert.match(finding.what, /net\.core\.rmem_max 212992; 4194304 are wanted/)
    assert.equal(finding.remedy![0], 'sudo sysctl -w net.core.rmem_max=4194304')
    assert.equal(find('buffers', { sysctl }).level, 'ok')
    assert.equal(find('buffers', {}).level, 'ok')
  })

  describe('leftovers', () => {
    it('sockets that nobody has', () => {
      const usual = '/var/run/uml-utilities/uml_switch.ctl'
      const files = {
        [usual]: dead,
        '/run/ethercast/lan.ctl': { ...dead, owner: 1000 },
        '/run/ethercast/ours.ctl': alive,
      }
      const folder = (path: string) => (path === '/run/ethercast' ? ['lan.ctl', 'ours.ctl', 'journal'] : [])
      const finding = find('stale', { sockets: sockets(files), folder })
      assert.equal(finding.level, 'note')
      assert.match(finding.what, /uml_switch\.ctl, \/run\/ethercast\/lan\.ctl$/)
      assert.deepEqual(finding.remedy, [`rm ${usual}`, 'sudo rm /run/ethercast/lan.ctl'])
      assert.equal(find('stale', { sockets: sockets({ '/tmp/uml.ctl': alive }) }).level, 'ok')
      assert.ok(!found({}).some(({ check }) => check === 'stale'))
    })

    it('taps that nobody has open', () => {
      const links: Record<string, HostLink> = {
        idle: tap('idle'),
        queued: tap('queued', { hasMultiQueue: true, hasCarrier: true }),
        used: tap('used', { hasCarrier: true }),
        down: tap('down', { isUp: false }),
      }
      const interfaces = Object.keys(links).map((name, i) => ({ ...eth0, index: 3 + i, name }))
      const finding = find('taps', { interfaces: [lo, ...interfaces], link: (name) => links[name] })
      assert.equal(finding.level, 'note')
      assert.match(finding.what, /: idle, queued$/)
      assert.match(finding.remedy![1]!, /^sudo ip tuntap del dev queued mode tap multi_queue /)
    })

    it('a set-up that was cut short', () => {
      const finding = find('leftovers', { run: () => 'unfinished' })
      assert.equal(finding.level, 'warning')
      assert.match(finding.remedy![0]!, /^sudo ethercast down /)
      assert.equal(find('leftovers', { run: () => 'up' }).level, 'ok')
      assert.equal(find('leftovers', { run: () => 'other' }).level, 'note')
      assert.ok(!found({ run: () => 'none' }).some(({ check }) => check === 'leftovers'))
    })
  })

  it('programs that are not here', () => {
    const finding = found({ hasProgram: (name) => name !== 'nft' })
    assert.deepEqual(
      finding.filter(({ check }) => check === 'tools').map(({ level, what }) => [level, what]),
      [['note', 'nftables is not on the PATH (nft)']],
    )
    assert.deepEqual(
      examine(host({ programVersion: () => '6.1.0' }))
        .filter(({ check }) => check === 'tools')
        .map(({ what }) => what),
      ['iproute2 is here (ip 6.1.0)', 'nftables is here (nft 6.1.0)'],
    )
  })

  it('reads which groups were joined where', () => {
    const table = [
      'Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter',
      '1\tlo        :     2      V3',
      '\t\t\t\t01A8C0EF     1 0:00000000\t\t0',
      '\t\t\t\t010000E0     1 0:00000000\t\t0',
      '2\teth0.5    :     1      V3',
      '\t\t\t\t010000E0     1 0:00000000\t\t0',
      '',
    ].join('\n')
    assert.deepEqual(
      [...joinedGroups(table)],
      [
        ['lo', ['239.192.168.1']],
        ['eth0.5', []],
      ],
    )
  })

  it('this host can be asked all of it, and every finding is of one line', () => {
    for (const finding of examine(hostFacts())) {
      const lines = [finding.what, finding.why ?? '', ...(finding.remedy ?? [])]
      for (const line of lines) assert.match(line, /^[^\n]*$/)
      assert.ok(
        finding.level === 'ok' || finding.what.includes('UML') || finding.remedy !== undefined,
        finding.what,
      )
    }
  })
})
