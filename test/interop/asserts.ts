// What the interop tests say over and over.
import assert from 'node:assert/strict'
import type { Guest } from '../support/guest.js'
import type { Host } from '../support/host.js'
import type { LanNode, PingOptions } from './lan_node.js'

/** Octets of an ICMP payload that makes a frame of 1514 octets: what a guest's MTU of 1500 allows. */
export const kFullPayload = 1472

const kCount = 3

/** A guest pings an address: every reply arrives, and none twice. */
export async function guestPings(guest: Guest, address: string, payload = 56): Promise<void> {
  const { code, output } = await guest.sh(`ping -c ${kCount} -i 0.1 -W 2 -s ${payload} ${address}`)
  assert.equal(code, 0, `${guest.umid} to ${address}: ${output}`)
  assert.match(
    output,
    new RegExp(`${kCount} packets transmitted, ${kCount} packets received, 0% packet loss`),
  )
  assert.doesNotMatch(output, /DUP|duplicates/, output)
}

/** The host in user space pings an address: every reply arrives, unchanged, and none twice. */
export async function nodePings(node: LanNode, address: string, options: PingOptions = {}): Promise<void> {
  const { count = kCount } = options
  const { summary, replies } = await node.ping(address, { ...options, count })
  const { transmitted, received, duplicates } = summary
  assert.deepEqual(
    { transmitted, received, duplicates },
    { transmitted: count, received: count, duplicates: 0 },
    `the node to ${address}`,
  )
  for (const reply of replies) assert.equal(reply.octets, (options.payloadOctets ?? 56) + 8)
  assert.equal((await node.node()).corruptReplies, 0)
}

/** The kernel of a test host pings an address, with fragmentation forbidden. */
export async function kernelPings(host: Host, address: string, payload = 56): Promise<void> {
  const args = ['-c', String(kCount), '-i', '0.1', '-W', '2', '-M', 'do', '-s', String(payload), address]
  const { code, stdout, stderr } = await host.exec('ping', args)
  assert.equal(code, 0, `the kernel to ${address}: ${stdout}${stderr}`)
  assert.match(stdout, new RegExp(`${kCount} packets transmitted, ${kCount} received, 0% packet loss`))
  assert.doesNotMatch(stdout, /DUP|duplicates/, stdout)
}
