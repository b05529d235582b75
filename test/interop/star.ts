// Test hosts around a kernel bridge in a namespace of its own: a LAN segment as a plain switch makes one.
import type { Host } from '../support/host.js'
import type { Lab } from '../support/lab.js'

/** Makes so many hosts, each with a veth0 to the bridge; its address is 198.18.9.1 and up, and 239/8 goes there. */
export async function star(lab: Lab, count: number, mtu: number): Promise<Host[]> {
  const middle = await lab.host('bridge')
  // Nobody asks for members here, so a bridge that listens to reports would forget them (IGMP snooping without a querier).
  await middle.ip('link', 'add', 'br0', 'type', 'bridge', 'mcast_snooping', '0')
  await middle.ip('link', 'set', 'br0', 'mtu', String(mtu), 'up')
  const hosts: Host[] = []
  for (let i = 1; i <= count; i++) {
    const host = await lab.host(`h${i}`)
    const addresses = [`198.18.9.${i}/24`, `198.18.9.${100 + i}/24`] as const
    const { devices } = await lab.link(host, middle, { mtu, addresses })
    await middle.ip('link', 'set', devices[1], 'master', 'br0')
    hosts.push(host)
  }
  return hosts
}
