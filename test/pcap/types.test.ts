// What the compiler knows of a NIC that only listens. Running it shows little: it is the type check of the project that fails where a type
// is another one.
import assert from 'node:assert/strict'
import { connect } from '../../lib/index.js'
import type { HostPort, ListeningNic, PcapObject } from '../../lib/index.js'

/** Takes a NIC only if its type has nothing to send with. */
async function listen<T extends ListeningNic>(
  nic: T & (keyof T & ('send' | 'drained') extends never ? unknown : never),
): Promise<void> {
  for await (const batch of nic.frames()) assert.ok(batch.size > 0)
  nic.read()
  await nic.close()
}

/** Never called: it is to be compiled. */
export async function compiled(text: string, object: PcapObject): Promise<HostPort[]> {
  const byText = await connect('pcap,eth0,arp')
  await listen(byText)
  await listen(await connect('pcap'))
  await listen(await connect('eth0=pcap,eth0'))
  await listen(await connect({ transport: 'pcap', interface: 'eth0' }))
  await listen(await connect(object, { promiscuous: true }))
  // @ts-expect-error a NIC that sends is another thing
  const wrong: HostPort = byText
  const sending = await connect('mcast')
  // @ts-expect-error it is more than one that listens
  await listen(sending)
  sending.send(new Uint8Array(60))
  // What is known at run time alone.
  const unknown: HostPort = await connect(text)
  unknown.send(new Uint8Array(60))
  return [wrong, sending, unknown]
}

describe('pcap: the types', () => {
  it('say that connect gives no send (checked by the compiler)', () => assert.equal(compiled.length, 2))
})
