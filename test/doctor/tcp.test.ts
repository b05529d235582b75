/** The doctor's checks of TCP ports, and of datagrams over UDP, on hosts that are made up. */

import assert from 'node:assert/strict'
import { examine } from '../../lib/doctor/index.js'
import type { HostFacts } from '../../lib/doctor/index.js'
import { parseSpec } from '../../lib/spec/index.js'
import { host, sockets } from './made_up.js'

const kHostChecks = ['node', 'guests', 'files']
function all(spec: string, changes: Partial<HostFacts> = {}) {
  return examine(host(changes), parseSpec(spec)).filter(({ check }) => !kHostChecks.includes(check))
}
function says(spec: string, changes: Partial<HostFacts>, level: string, pattern: RegExp): void {
  const found = all(spec, changes).filter((finding) => finding.level !== 'ok')
  assert.equal(found.length, 1, JSON.stringify(found))
  assert.equal(found[0]!.level, level)
  assert.match(`${found[0]!.what} ${(found[0]!.remedy ?? []).join(' ')}`, pattern)
}
const taken = { sockets: sockets({}, { isTcpListening: () => true }) }

describe('doctor: TCP', () => {
  it('has nothing against what will work', () => {
    for (const [spec, changes] of [
      ['stream,listen=127.0.0.1:1234', {}],
      ['stream,connect=127.0.0.1:1234', taken],
      ['stream,connect=192.0.2.77:1234', {}],
      ['dgram,local=127.0.0.1:1,remote=127.0.0.1:2', {}],
    ] as const) {
      const found = all(spec, changes)
      assert.ok(found.length > 0)
      assert.ok(
        found.every(({ level }) => level === 'ok'),
        JSON.stringify(found),
      )
    }
  })

  it('ports to listen at', () => {
    says('stream,listen=127.0.0.1:1234', taken, 'problem', /EADDRINUSE.*ss -tlnp/)
    says('stream,listen=0.0.0.0:1234', {}, 'note', /whoever reaches/)
    const user = { uid: 1000, groups: [1000], hasNetAdmin: false }
    const least = { user, sysctl: () => '1024' }
    says('stream,listen=127.0.0.1:80', least, 'problem', /EACCES.*from 1024 on/)
    assert.equal(all('stream,listen=192.0.2.77:1234')[0]!.check, 'address')
  })

  it('ports to connect to', () => {
    says('stream,connect=127.0.0.1:1234', {}, 'problem', /ECONNREFUSED.*start the other side.*wait=on/)
    says('stream,connect=127.0.0.1:1234,wait=on', {}, 'note', /yet: the port waits/)
    says('stream,connect=203.0.113.1:1', { route: () => 'ENETUNREACH' }, 'problem', /no route/)
  })
})
