/** Specs of `pcap`: what they mean, and which are refused. */

import assert from 'node:assert/strict'
import { formatSpec, notices, parseSpec } from '../../lib/spec/index.js'
import { itRefuses } from './refusal.js'

const PCAP = { transport: 'pcap', interface: 'eth0', promisc: true, optimize: false } as const
const FORM = 'allowed are six groups of one or two hex digits, as in fe:fd:0:0:0:1'
const WORDS = 'allowed are promisc, nopromisc, optimize, nooptimize'

/** Spec, object, canonical string. */
const meanings: [string, object, string][] = [
  ['pcap', PCAP, 'pcap'],
  ['eth0=pcap,eth0', PCAP, 'pcap'],
  ['pcap,lo', { ...PCAP, interface: 'lo' }, 'pcap,lo'],
  ['pcap,3', { ...PCAP, interface: '3' }, 'pcap,3'],
  ['pcap,,tcp port 80', { ...PCAP, filter: 'tcp port 80' }, 'pcap,eth0,tcp port 80'],
  ['pcap,eth1, arp ,', { ...PCAP, interface: 'eth1', filter: 'arp' }, 'pcap,eth1,arp'],
  ['pcap,,ether[12:2]=0x806', { ...PCAP, filter: 'ether[12:2]=0x806' }, 'pcap,eth0,ether[12:2]=0x806'],
  ['pcap,,len=60', { ...PCAP, filter: 'len=60' }, 'pcap,eth0,len=60'],
  ['pcap,,,nopromisc', { ...PCAP, promisc: false }, 'pcap,eth0,,nopromisc'],
  ['pcap,,,optimize', { ...PCAP, optimize: true }, 'pcap,eth0,,promisc,optimize'],
  ['pcap,,,,optimize', { ...PCAP, optimize: true }, 'pcap,eth0,,promisc,optimize'],
  ['pcap,,,optimize,nopromisc', { ...PCAP, promisc: false, optimize: true }, 'pcap,eth0,,nopromisc,optimize'],
  ['pcap,,,nooptimize,promisc', PCAP, 'pcap'],
  [
    'pcap,,,,,2:0:0:0:0:1',
    { ...PCAP, mac: '02:00:00:00:00:01' },
    'pcap,eth0,,promisc,nooptimize,02:00:00:00:00:01',
  ],
  [
    'pcap,lo,,mac=2:0:0:0:0:1',
    { ...PCAP, interface: 'lo', mac: '02:00:00:00:00:01' },
    'pcap,lo,,promisc,nooptimize,02:00:00:00:00:01',
  ],
  ['pcap,lo,,mtu=1500', { ...PCAP, interface: 'lo', mtu: 1500 }, 'pcap,lo,,mtu=1500'],
  [
    'pcap,eth0,tcp,nopromisc,mtu=1500,buffer=1M',
    { ...PCAP, filter: 'tcp', promisc: false, mtu: 1500, buffer: 2 ** 20 },
    'pcap,eth0,tcp,nopromisc,buffer=1048576,mtu=1500',
  ],
]

describe('pcap specs', () => {
  for (const [text, object, canonical] of meanings) {
    it(text, () => {
      assert.deepEqual(parseSpec(text), object)
      assert.equal(formatSpec(text), canonical)
      assert.deepEqual(parseSpec(canonical), object)
    })
  }

  it('tells that optimize without a filter does nothing', () => {
    assert.deepEqual(notices(parseSpec('pcap,,,optimize')), ['pcap: optimize has no effect without a filter'])
    assert.deepEqual(notices(parseSpec('pcap,,arp,optimize')), [])
  })
})

describe('refused pcap specs', () => {
  itRefuses(
    Object.entries({
      'pcap,,arp,promiscuous': `pcap: option promiscuous is unknown: did you mean promisc? (${WORDS})`,
      'pcap,,arp,promsic': `pcap: option promsic is unknown: did you mean promisc? (${WORDS})`,
      'pcap,,arp,promisc,promisc':
        'pcap: promisc says again what promisc or nopromisc says: keep one of them',
      'pcap,,arp,optimize,nooptimize':
        'pcap: nooptimize says again what optimize or nooptimize says: keep one of them',
      'pcap,,arp,,,promisc': `pcap: mac promisc is not a MAC address: ${FORM}`,
      'pcap,,promisc':
        'pcap: filter promisc is an option: a filter, or an empty field, goes before it, as in pcap,eth0,,promisc',
      'pcap,,buffer=4M':
        'pcap: filter buffer=4M is an option: a filter, or an empty field, goes before it, as in pcap,eth0,,buffer=4M',
      'pcap,, ,': 'pcap: filter " " is blank: leave it empty for everything',
      'pcap,lo,arp,,,2:0:0:0:0:1,mac=2:0:0:0:0:1': 'pcap: option mac is given twice: keep one of them',
      'pcap,lo,arp,,,2:0:0:0:0:1,9':
        'pcap: extra field 9 stands after the last one: allowed are interface, filter, promisc, optimize, mac, then options as key=value',
      'pcap,lo,arp,snaplen=96': 'pcap: option snaplen is unknown: allowed are buffer, mac, mtu',
      'pcap,a/b':
        "pcap: interface a/b is not an interface: allowed are a name without '/', ':', ',' or spaces, an index or an address",
      'pcap,lo,,filter=arp': 'pcap: filter has a place, not a key: write pcap,,arp',
      'pcap,lo,,promisc=on': 'pcap: promisc has a place, not a key: write pcap,,,on',
    }),
  )
  itRefuses([
    [
      { transport: 'pcap', filter: 'arp, icmp' },
      'pcap: filter "arp, icmp" has a comma, which no filter has: man pcap-filter has the language',
    ],
    [{ transport: 'pcap', promisc: 'on' }, 'pcap: promisc must be true or false, not the string "on"'],
    [
      { transport: 'pcap', interface: 'a=b' },
      "pcap: interface a=b holds '=', which makes an option of it: give its index",
    ],
  ])
})
