// What the compiler knows of a NIC that only listens. The checks are the @ts-expect-error lines: the type check of the project fails where
// one of them expects in vain.
import assert from 'node:assert/strict'
import { connect } from '../../lib/index.js'
import type { HostPort, ListeningNic, PcapObject } from '../../lib/index.js'

/** Never called: it is to be compiled. */
export async function compiled(text: string, object: PcapObject): Promise<HostPort[]> {
  const byText: ListeningNic = await connect('pcap,eth0,arp')
  const byShortest = await connect('pcap')
  const byUml = await connect('eth0=pcap,eth0')
  const byObject = await connect({ transport: 'pcap', interface: 'eth0' })
  const byName = await connect(object, { promiscuous: true })
  for (const nic of [byText, byShortest, byUml, byObject, byName]) {
    for await (const batch of nic.frames()) assert.ok(batch.size > 0)
    nic.read()
    await nic.close()
    // @ts-expect-error nothing can be sent
    nic.send(new Uint8Array(60))
    // @ts-expect-error nor waited for to be
    await nic.drained()
  }
  // @ts-expect-error a NIC that sends is another thing
  const wrong: HostPort = byText
  const sending = await connect('mcast')
  sending.send(new Uint8Array(60))
  // What is known at run time alone.
  const unknown: HostPort = await connect(text)
  unknown.send(new Uint8Array(60))
  return [wrong, sending, unknown]
}

describe('pcap: the types', () => {
  it('say that connect gives no send (checked by the compiler)', () => assert.equal(compiled.length, 2))
})
