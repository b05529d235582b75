// Configuration files for tests: one that says everything, and how a refusal reads.
import assert from 'node:assert/strict'
import { ConfigError, parseConfig } from '../../lib/host/load.js'

/** Every key, every shape. */
export const FULL = `# everything
tun_device: { group: 1000, mode: "0660" }
taps:
  tap0:
    addresses: [198.18.1.254/24, 2001:db8:1::fe/64]
    mtu: 1458
    owner: alice
    group: 100
    queues: 4
    share_address: true
  tap1:
slip:
  sl0: { host: 198.18.9.254, guest: 198.18.9.1, mtu: 1006, owner: 1000, group: uml, share_address: false }
bridges:
  br0:
    ports: [tap1, eth1]
    addresses:
      - 198.18.2.254/24
    mtu: 1500
    confirm: true
routes:
  - to: 198.18.3.0/24
    via: 198.18.1.7
  - { to: default, via: "2001:db8:1::1", device: tap0 }
forwarding: [ipv4, ipv6]
proxy_arp:
  - { address: 198.18.2.9, device: eth1 }
masquerade:
  - { from: 198.18.1.0/24, out: eth1 }
port_forwards:
  - { port: 8080, to: 198.18.1.1, to_port: 80, device: eth1, protocol: tcp }
guests:
  one:
    device: tap0
    addresses: [198.18.1.1/24, 2001:db8:1::1/64]
    lan: eth1
    gateway: 198.18.1.254
    resolvers: [198.18.2.53]
switches:
  mesh:
    forwarding: hub
    ports:
      - mcast,,239.192.168.1,1102,1
      - { transport: tuntap, device: tap0 }
`

/** What a text is refused for: the whole message, a line each. */
export function refusals(text: string): string[] {
  try {
    parseConfig(text, 'f')
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error))
    assert.equal(error.code, 'ERR_ETHERCAST_FIELD')
    return error.message.split('\n')
  }
  assert.fail('this was not refused')
}
