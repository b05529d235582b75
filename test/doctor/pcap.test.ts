/** The doctor's checks of captures, on hosts that are made up and on this one. */

import assert from 'node:assert/strict'
import { examine, hostFacts } from '../../lib/doctor/index.js'
import type { Finding, HostFacts } from '../../lib/doctor/index.js'
import { parseSpec } from '../../lib/spec/index.js'
import { need } from '../support/need.js'
import { eth0, findOne, host, lo } from './made_up.js'

function all(spec: string, changes: Partial<HostFacts> = {}): Finding[] {
  return examine(host(changes), parseSpec(spec))
}
const find = (check: string, spec: string, changes: Partial<HostFacts> = {}) =>
  findOne(check, spec, host(changes))
const by = { checkFilter: () => ({ by: 'libpcap version 1.10.3' }) }

describe('doctor: captures', () => {
  it('finds nothing on a healthy host', () => {
    for (const spec of ['pcap', 'pcap,lo,arp', 'pcap,2,tcp port 80,nopromisc', 'pcap,192.0.2.1']) {
      assert.deepEqual(
        all(spec, by).filter(({ level }) => level !== 'ok'),
        [],
        spec,
      )
    }
  })

  it('an interface that is not there, is down, or carries no Ethernet', () => {
    const missing = find('interface', 'pcap', { interfaces: [lo] })
    assert.equal(missing.level, 'problem')
    assert.match(missing.why!, /eth0 is what/)
    assert.deepEqual(missing.remedy, ['name one of lo first in the spec, as in pcap,lo'])
    const down = find('interface', 'pcap', { interfaces: [lo, { ...eth0, isUp: false }] })
    assert.equal(down.level, 'warning')
    assert.deepEqual(down.remedy, ['sudo ip link set dev eth0 up'])
    const bare = find('interface', 'pcap', { medium: () => ({ linkType: 65534, isWireless: false }) })
    assert.equal(bare.level, 'problem')
    assert.match(bare.what, /no Ethernet \(link type 65534\)/)
  })

  it('what promisc means there', () => {
    assert.match(find('promisc', 'pcap').what, /all that reaches eth0/)
    assert.match(find('promisc', 'pcap,,,nopromisc').what, /for its address/)
    const wireless = find('promisc', 'pcap', { medium: () => ({ linkType: 1, isWireless: true }) })
    assert.equal(wireless.level, 'note')
    assert.match(find('promisc', 'pcap,lo').what, /once/)
  })

  it('no capability: the commands that give it', () => {
    const user = { uid: 1000, groups: [1000], hasNetAdmin: false, hasNetRaw: false }
    const finding = find('capability', 'pcap', { user })
    assert.equal(finding.level, 'problem')
    assert.match(finding.remedy!.join('\n'), /sudo[^]*setcap cap_net_raw\+ep[^]*--cap-add NET_RAW/)
  })

  it('a filter that is none, and no libpcap', () => {
    const checkFilter = () => ({ field: 'filter', message: 'syntax error' })
    const wrong = find('filter', 'pcap,,tcp porto', { checkFilter })
    assert.deepEqual([wrong.level, wrong.what], ['problem', 'syntax error'])
    const none = find('filter', 'pcap,,arp', { checkFilter: () => ({ message: 'not here' }) })
    assert.match(none.remedy![0]!, /apt install libpcap0\.8/)
    assert.match(find('filter', 'pcap').what, /not needed/)
  })

  it('a small receive buffer', () => {
    assert.equal(find('buffer', 'pcap', { sysctl: () => '212992' }).level, 'warning')
  })

  it('on this host: a filter is tried with the real libpcap', function () {
    need(this, 'tcpdump') // which brings libpcap
    const facts = hostFacts()
    const filter = (text: string) =>
      examine(facts, parseSpec(`pcap,lo,${text}`)).find(({ check }) => check === 'filter')!
    assert.match(filter('vlan 5 and icmp').what, /compiled by libpcap version/)
    assert.match(filter('tcp porto 80').what, /syntax error/)
    assert.equal(facts.medium!('lo')!.linkType, 772)
  })
})
