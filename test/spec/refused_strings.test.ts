/**
 * Spec strings that are refused, each with its exact message.
 */

import { itRefuses, KNOWN } from './refusal.js'

const MCAST_OPTIONS = 'allowed are buffer, interface, loop, mss, mtu, offload, source'
const MAC_FORM = 'allowed are six groups of one or two hex digits, as in fe:fd:0:0:0:1'
const GROUPS = 'allowed are 224.0.1.0 to 239.255.255.255 and ff00::/8'

const transports = {
  '': `spec: the transport is missing: ${KNOWN}`,
  'eth0=': `spec: the transport is missing: ${KNOWN}`,
  mcats: `spec: transport mcats is unknown: did you mean mcast? (${KNOWN})`,
  MCAST: `spec: transport MCAST is unknown: did you mean mcast? (${KNOWN})`,
  multicast: `spec: transport multicast is unknown: did you mean mcast? (${KNOWN})`,
  tap0: `spec: transport tap0 is unknown: ${KNOWN}`,
  tuntpa: `spec: transport tuntpa is unknown: did you mean tuntap? (${KNOWN})`,
  ethertab: `spec: transport ethertab is unknown: did you mean ethertap? (${KNOWN})`,
  constructor: `spec: transport constructor is unknown: ${KNOWN}`,
  'eth0x1=mcast': 'spec: eth0x1= is no prefix: allowed is ethN= with N in decimal, as in eth0=, or none',
  'vec0=mcast': 'spec: vec0= is no prefix: allowed is ethN= with N in decimal, as in eth0=, or none',
  'mcast,\u0000':
    'spec: text has the character U+0000 at position 7: allowed is one line without control characters',
  'mcast\n':
    'spec: text has the character U+000A at position 6: allowed is one line without control characters',
  ['m'.repeat(4097)]: 'spec: text has 4097 characters, too many: allowed are at most 4096',
}

const grammar = {
  'mcast,,,,,9':
    'mcast: extra field 9 stands after the last one: allowed are mac, group, port, ttl, then options as key=value',
  'mcast,,,,,':
    'mcast: extra field "" stands after the last one: allowed are mac, group, port, ttl, then options as key=value',
  'mcast,interfce=lo': `mcast: option interfce is unknown: did you mean interface? (${MCAST_OPTIONS})`,
  'mcast,,,,,interfce=lo': `mcast: option interfce is unknown: did you mean interface? (${MCAST_OPTIONS})`,
  'mcast,iface=lo': `mcast: option iface is unknown: did you mean interface? (${MCAST_OPTIONS})`,
  'mcast,LOOP=on': `mcast: option LOOP is unknown: did you mean loop? (${MCAST_OPTIONS})`,
  'mcast,colour=red': `mcast: option colour is unknown: ${MCAST_OPTIONS}`,
  'ucast,,10.0.0.1,loop=on':
    'ucast: option loop is unknown: allowed are buffer, interface, mss, mtu, offload',
  'mcast,port=5000': 'mcast: port has a place, not a key: write mcast,,,5000',
  'mcast,interface=lo,239.1.1.1':
    'mcast: field 239.1.1.1 stands after interface=: fields by position come before the options',
  'mcast,loop=on,': 'mcast: an empty field follows loop=: leave out the comma',
  'mcast,ttl=1,loop=on': 'mcast: ttl has a place, not a key: write mcast,,,,1',
  'mcast,loop=on,loop=on': 'mcast: option loop is given twice: keep one of them',
  'mcast,interface=': 'mcast: option interface is empty: give a value, or leave interface= out',
}

const macs = {
  'mcast,nonsense': `mcast: mac nonsense is not a MAC address: ${MAC_FORM}`,
  'mcast,fe:fd:0:0:0': `mcast: mac fe:fd:0:0:0 is not a MAC address: ${MAC_FORM}`,
  'mcast,fe:fd:0:0:0:100': `mcast: mac fe:fd:0:0:0:100 is not a MAC address: ${MAC_FORM}`,
  'mcast,fe-fd-0-0-0-1': 'mcast: mac fe-fd-0-0-0-1 has dashes: write fe:fd:0:0:0:1',
  'mcast,1:0:5e:0:0:1':
    'mcast: mac 1:0:5e:0:0:1 is a group address: allowed are addresses with an even first octet, such as 02 or fe',
  'mcast,0:0:0:0:0:0':
    'mcast: mac 0:0:0:0:0:0 is all zero: allowed are other addresses; leave it out to have one made up',
  'mcast,239.1.1.1':
    'mcast: mac 239.1.1.1 is an IP address, not a MAC address: an empty field goes before it, as in mcast,,239.1.1.1',
}

const groups = {
  'mcast,,10.0.0.1': `mcast: group 10.0.0.1 is not a multicast group: ${GROUPS}; to reach one host use ucast`,
  'mcast,,fe80::1': `mcast: group fe80::1 is not a multicast group: ${GROUPS}; to reach one host use ucast`,
  'mcast,,224.0.0.251':
    'mcast: group 224.0.0.251 is in 224.0.0.0/24, which is reserved for routing protocols and never forwarded: allowed are 224.0.1.0 to 239.255.255.255, best is 239.0.0.0/8',
  'mcast,,[ff05::1]': 'mcast: group "[ff05::1]" is in brackets: leave them out, the comma ends the field',
  'mcast,,lan.example': `mcast: group lan.example is not an IP address: names are not looked up; ${GROUPS}`,
  'mcast,,239.1.1': `mcast: group 239.1.1 is not an IP address: ${GROUPS}`,
  'mcast,,239.01.1.1':
    'mcast: group 239.01.1.1 has leading zeros: write plain decimal octets, as in 10.0.0.1',
  'mcast,,239.1.1.1:9':
    'mcast: group 239.1.1.1:9 has a port: write 239.1.1.1, the port has a field of its own',
  'mcast,,239.1.1.1/8': 'mcast: group 239.1.1.1/8 has a prefix length: write 239.1.1.1',
  'mcast,,239.1.1.1%lo':
    'mcast: group 239.1.1.1%lo has a zone, which only IPv6 has: write 239.1.1.1 and interface=',
  'mcast,,ff10::1':
    'mcast: group ff10::1 has the reserved scope 0, which hosts drop: allowed are other scopes, such as ff02 for the link or ff05',
  'mcast,,ff02::1':
    'mcast: group ff02::1 has link-local scope and needs an interface: add interface=, as in interface=eth0',
  'mcast,,ff01::1':
    'mcast: group ff01::1 has interface-local scope and needs an interface: add interface=, as in interface=eth0',
  'mcast,,ff02::1%eth0,interface=lo':
    'mcast: interface lo differs from the zone of group, eth0: give the same, or only one',
  'mcast,,ff02::1%10.0.0.1':
    'mcast: group ff02::1%10.0.0.1 has a zone that is no interface: allowed are a name or an index after the %',
  'mcast,,232.1.1.1':
    'mcast: group 232.1.1.1 is in the source-specific range (RFC 4607): add source=, the one sender to hear',
  'mcast,,ff3e::1':
    'mcast: group ff3e::1 is in the source-specific range (RFC 4607): add source=, the one sender to hear',
}

const remotes = {
  ucast: 'ucast: remote is missing: give one, as in ucast,,192.0.2.1',
  'ucast,,239.1.1.1': 'ucast: remote 239.1.1.1 is a multicast group, not a host: to join a group use mcast',
  'ucast,,0.0.0.0': 'ucast: remote 0.0.0.0 is no host: give the address of the one that is meant',
  'ucast,,255.255.255.255':
    'ucast: remote 255.255.255.255 is the broadcast address, not a host: to reach many hosts use mcast',
  'ucast,,::ffff:10.0.0.1': 'ucast: remote ::ffff:10.0.0.1 is an IPv4 address in IPv6 form: write 10.0.0.1',
  'ucast,,fe80::1':
    'ucast: remote fe80::1 is a link-local address and needs an interface: add interface=, as in interface=eth0',
}

const NAME_FORM = "allowed are 1 to 15 octets without '/', ':', '%', ',', '=' or spaces"
const TAP_OPTIONS = 'allowed are group, mtu, offload, owner, persist'

const taps = {
  'tuntap,198.18.0.1':
    'tuntap: device 198.18.0.1 is an IP address: device and mac stand before it, as in tuntap,,,198.18.0.1',
  'tuntap,198.18.0.1/24':
    'tuntap: device 198.18.0.1/24 is an IP address: device and mac stand before it, as in tuntap,,,198.18.0.1/24',
  'tuntap,fe:fd:0:0:0:1':
    'tuntap: device fe:fd:0:0:0:1 is a MAC address: device stands before it, as in tuntap,,fe:fd:0:0:0:1',
  'tuntap,a/b': `tuntap: device a/b is no name of a device: ${NAME_FORM}; empty is the next free tap`,
  'tuntap,tap%d': `tuntap: device tap%d is no name of a device: ${NAME_FORM}; empty is the next free tap`,
  'tuntap,..': `tuntap: device .. is no name of a device: ${NAME_FORM}; empty is the next free tap`,
  'tuntap,tap 0': `tuntap: device "tap 0" is no name of a device: ${NAME_FORM}; empty is the next free tap`,
  'tuntap,sixteen_octets_x': `tuntap: device sixteen_octets_x is too long, 16 octets: ${NAME_FORM}`,
  'tuntap,tap0,198.18.0.1':
    'tuntap: mac 198.18.0.1 is an IP address, not a MAC address: an empty field goes before it, as in tuntap,,198.18.0.1',
  'tuntap,,,198.18.0': 'tuntap: hostIp 198.18.0 is not an IP address: allowed are IPv4 and IPv6 addresses',
  'tuntap,,,198.18.0.1/33':
    'tuntap: hostIp 198.18.0.1/33 has no prefix length behind the slash: allowed are /1 to /32',
  'tuntap,,,198.18.0.1/':
    'tuntap: hostIp 198.18.0.1/ has no prefix length behind the slash: allowed are /1 to /32',
  'tuntap,,,2001:db8::1/129':
    'tuntap: hostIp 2001:db8::1/129 has no prefix length behind the slash: allowed are /1 to /128',
  'tuntap,,,198.18.0.1/255.255.255.0':
    'tuntap: hostIp 198.18.0.1/255.255.255.0 has a netmask: write the number of its bits, as in /24',
  'tuntap,,,198.18.0.0':
    "tuntap: hostIp 198.18.0.0 is the address of a net of /24: give one host's, as 198.18.0.1",
  'tuntap,,,198.18.255.255/16':
    "tuntap: hostIp 198.18.255.255/16 is the broadcast address of its net of /16: give one host's, as 198.18.255.1",
  'tuntap,,,239.1.1.1':
    'tuntap: hostIp 239.1.1.1 is a multicast group, not a host: to join a group use mcast',
  'tuntap,,,fe80::1%eth0': 'tuntap: hostIp fe80::1%eth0 has a zone: write fe80::1 and name the interface',
  'tuntap,mtu=67': 'tuntap: mtu 67 is out of range: allowed are 68 to 65521',
  'tuntap,mtu=off': 'tuntap: mtu off is unknown: allowed are auto and 68 to 65521',
  'tuntap,offload=on': 'tuntap: offload on is unknown: allowed are auto, off',
  'tuntap,persist=yes': 'tuntap: persist yes is neither on nor off: allowed are on, off',
  'tuntap,owner=4294967295':
    "tuntap: owner 4294967295 is out of range: allowed are a user's name or its number, 0 to 4294967294",
  'tuntap,owner=a b':
    'tuntap: owner "a b" is no name of a user: allowed are a user\'s name or its number, 0 to 4294967294',
  'tuntap,group=!':
    'tuntap: group "!" is no name of a group: allowed are a group\'s name or its number, 0 to 4294967294',
  'tuntap,user=me': `tuntap: option user is unknown: ${TAP_OPTIONS}`,
  'tuntap,presist=on': `tuntap: option presist is unknown: did you mean persist? (${TAP_OPTIONS})`,
  'tuntap,device=tap0': 'tuntap: device has a place, not a key: write tuntap,tap0',
}

const others = {
  'mcast,,,0': 'mcast: port 0 is out of range: allowed are 1 to 65535',
  'mcast,,,70000': 'mcast: port 70000 is out of range: allowed are 1 to 65535',
  'mcast,,,0x44e': 'mcast: port 0x44e is not a plain decimal number: allowed are 1 to 65535',
  'mcast,,,01102': 'mcast: port 01102 is not a plain decimal number: allowed are 1 to 65535',
  'mcast,,, 1102': 'mcast: port " 1102" is not a plain decimal number: allowed are 1 to 65535',
  'mcast,,,,256': 'mcast: ttl 256 is out of range: allowed are 0 to 255',
  'mcast,,,,-1': 'mcast: ttl -1 is not a plain decimal number: allowed are 0 to 255',
  'mcast,,232.1.1.1,source=2001:db8::1':
    'mcast: source 2001:db8::1 and group 232.1.1.1 are of different families: give an IPv4 source',
  'mcast,source=fe80::1%lo': 'mcast: source fe80::1%lo has a zone: write fe80::1 and name the interface',
  'mcast,loop=yes': 'mcast: loop yes is neither on nor off: allowed are on, off',
  'mcast,offload=of': 'mcast: offload of is unknown: did you mean off? (allowed are auto, off)',
  'mcast,mss=of': 'mcast: mss of is unknown: allowed are auto, off and 536 to 65495',
  'mcast,mss=535': 'mcast: mss 535 is out of range: allowed are 536 to 65495',
  'mcast,mtu=67': 'mcast: mtu 67 is out of range: allowed are 68 to 65493',
  'mcast,buffer=1k': 'mcast: buffer 1k is out of range: allowed are 4096 to 1073741824 octets',
  'mcast,buffer=big':
    'mcast: buffer big is not a size in octets: allowed are 4096 to 1073741824, also with k, M or G, as in 4M',
  'mcast,interface=a/b':
    "mcast: interface a/b is not an interface: allowed are a name without '/', ':', ',' or spaces, an index or an address",
  'mcast,interface=sixteen_octets_x':
    'mcast: interface sixteen_octets_x is too long for an interface: allowed are at most 15 octets, not 16',
  'mcast,interface=0':
    'mcast: interface 0 is not an index: allowed are 1 to 2147483647, without leading zeros',
  'mcast,interface=0.0.0.0':
    'mcast: interface 0.0.0.0 is not the address of an interface: give a name, an index or an address it has',
  'mcast,interface=fe80::1%lo': 'mcast: interface fe80::1%lo has a zone: write lo alone',
}

describe('spec strings refused for their transport', () => itRefuses(Object.entries(transports)))
describe('spec strings refused for their form', () => itRefuses(Object.entries(grammar)))
describe('spec strings refused for their mac', () => itRefuses(Object.entries(macs)))
describe('spec strings refused for their group', () => itRefuses(Object.entries(groups)))
describe('spec strings refused for their remote', () => itRefuses(Object.entries(remotes)))
describe('spec strings refused for their tap', () => itRefuses(Object.entries(taps)))
describe('spec strings refused for their other fields', () => itRefuses(Object.entries(others)))
