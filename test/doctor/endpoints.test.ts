/** The doctor's checks of streams and datagrams, on hosts that are made up, and of the kernel's tables on this one. */

import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { examine, hostFacts } from '../../lib/doctor/index.js'
import type { Finding, HostFacts } from '../../lib/doctor/index.js'
import { listens, openKind } from '../../lib/doctor/sockets.js'
import type { PathFact } from '../../lib/doctor/sockets.js'
import { parseSpec } from '../../lib/spec/index.js'
import { freePath, freeTcp } from '../support/pairs/stream.js'
import { host } from './made_up.js'

const kNothing: PathFact = { what: 'nothing', isWritable: false, folder: 'open' }
const kAlive: PathFact = { what: 'socket', isWritable: true, folder: 'open', open: 'stream' }

function withPath(fact: Partial<PathFact>, isTcpListening = () => false): Partial<HostFacts> {
  return { sockets: { path: () => ({ ...kNothing, ...fact }), isTcpListening } }
}
const hostChecks = ['node', 'guests', 'files']
function all(spec: string, changes: Partial<HostFacts> = {}): Finding[] {
  return examine(host(changes), parseSpec(spec)).filter(({ check }) => !hostChecks.includes(check))
}
function says(spec: string, changes: Partial<HostFacts>, level: string, pattern: RegExp): void {
  const found = all(spec, changes).filter((finding) => finding.level !== 'ok')
  assert.equal(found.length, 1, JSON.stringify(found))
  assert.equal(found[0]!.level, level)
  assert.match(`${found[0]!.what} ${(found[0]!.remedy ?? []).join(' ')}`, pattern)
}

describe('doctor: streams and datagrams', () => {
  it('has nothing against what will work', () => {
    const listening = () => true
    for (const [spec, changes] of [
      ['stream,listen=/tmp/s', withPath({})],
      ['stream,listen=/tmp/s', withPath({ what: 'socket', isWritable: true })],
      ['stream,listen=127.0.0.1:1234', withPath({})],
      ['stream,connect=/tmp/s', withPath(kAlive)],
      ['stream,connect=127.0.0.1:1234', withPath({}, listening)],
      ['stream,connect=192.0.2.77:1234', withPath({})],
      ['dgram,local=127.0.0.1:1,remote=127.0.0.1:2', withPath({})],
    ] as const) {
      const found = all(spec, changes)
      assert.ok(found.length > 0)
      assert.deepEqual(
        found.filter(({ level }) => level !== 'ok'),
        [],
        spec,
      )
    }
  })

  it('paths to listen at', () => {
    const spec = 'stream,listen=/srv/lan/s'
    says(spec, withPath({ what: 'something else' }), 'problem', /no socket.*choose another path/)
    says(spec, withPath(kAlive), 'problem', /EADDRINUSE.*ss -xap src \/srv\/lan\/s/)
    says(spec, withPath({ folder: 'missing' }), 'problem', /no folder \/srv\/lan .*mkdir -p \/srv\/lan/)
    says(spec, withPath({ folder: 'closed' }), 'problem', /EACCES/)
  })

  it('paths to connect to', () => {
    const spec = 'stream,connect=/srv/s'
    says(spec, withPath({}), 'problem', /ENOENT.*wait=on/)
    says(`${spec},wait=on`, withPath({}), 'note', /waits for it/)
    says(spec, withPath({ ...kAlive, isWritable: false }), 'problem', /EACCES.*chmod g\+w \/srv\/s/)
    says(spec, withPath({ ...kAlive, open: 'seqpacket' }), 'problem', /EPROTOTYPE.*bess/)
    says(spec, withPath({ ...kAlive, open: undefined }), 'note', /nobody of this network namespace/)
    says(spec, withPath({ what: 'something else' }), 'problem', /ENOTSOCK/)
    says('dgram,local=/tmp/a,remote=/tmp/b', withPath({}), 'note', /\/tmp\/b is not there yet/)
  })

  it('TCP', () => {
    const listening = () => true
    says('stream,listen=127.0.0.1:1234', withPath({}, listening), 'problem', /EADDRINUSE.*ss -tlnp/)
    says('stream,listen=0.0.0.0:1234', withPath({}), 'note', /whoever reaches/)
    const user = { uid: 1000, groups: [1000], hasNetAdmin: false }
    const least = { user, sysctl: () => '1024' }
    says('stream,listen=127.0.0.1:80', { ...withPath({}), ...least }, 'problem', /EACCES.*from 1024 on/)
    assert.equal(all('stream,listen=192.0.2.77:1234', withPath({}))[0]!.check, 'address')
    says('stream,connect=127.0.0.1:1234', withPath({}), 'problem', /ECONNREFUSED.*start the other side/)
    says('stream,connect=127.0.0.1:1234,wait=on', withPath({}), 'note', /waits/)
    const unreachable = { ...withPath({}), route: () => 'ENETUNREACH' }
    says('stream,connect=203.0.113.1:1', unreachable, 'problem', /no route/)
  })

  it("reads the kernel's tables", () => {
    const unix =
      'Num       RefCount Protocol Flags    Type St Inode Path\n' +
      '00000000fd0a57c8: 00000002 00000000 00010000 0001 01 17420 /run/a b\n' +
      '00000000fd0a57c9: 00000002 00000000 00000000 0002 01 17421 /run/d\n' +
      '00000000fd0a57ca: 00000003 00000000 00000000 0001 03 17422\n'
    assert.equal(openKind(unix, '/run/a b'), 'stream')
    assert.equal(openKind(unix, '/run/d'), 'dgram')
    assert.equal(openKind(unix, '/run/a'), undefined)
    const tcp =
      '  sl  local_address rem_address   st tx_queue\n' +
      '   0: 0100007F:04D2 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1\n' +
      '   1: 0100007F:04D3 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 1\n'
    assert.ok(listens('127.0.0.1', 1234, [tcp]))
    assert.ok(!listens('127.0.0.2', 1234, [tcp]))
    assert.ok(!listens('127.0.0.1', 1235, [tcp]))
  })

  it('knows what is on this host', async () => {
    const { sockets } = hostFacts()
    const path = freePath()
    const address = await freeTcp('127.0.0.1')
    const port = Number(address.split(':')[1])
    assert.equal(sockets!.path(path).what, 'nothing')
    assert.equal(sockets!.path('/nowhere/at/all').folder, 'missing')
    assert.equal(sockets!.isTcpListening('127.0.0.1', port), false)
    const servers = [createServer(), createServer()]
    try {
      await new Promise<void>((resolve) => servers[0]!.listen(path, resolve))
      await new Promise<void>((resolve) => servers[1]!.listen(port, '127.0.0.1', resolve))
      assert.deepEqual(sockets!.path(path), { ...kAlive })
      assert.equal(sockets!.isTcpListening('127.0.0.1', port), true)
    } finally {
      for (const server of servers) server.close()
    }
  })
})
