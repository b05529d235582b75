/** The doctor's checks of bess and fd, on hosts that are made up, and on this one. */

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { examine, hostFacts } from '../../lib/doctor/index.js'
import type { Finding, HostFacts } from '../../lib/doctor/index.js'
import { Switch, parseSpec } from '../../lib/index.js'
import { host } from './made_up.js'

type Paths = Record<string, { kind: 'socket' | 'folder' | 'other'; uid?: number; isWritable?: boolean }>

/** A host with these paths beside a folder /run, and this socket at /run/lan. */
function withPaths(paths: Paths, bound?: 'stream' | 'dgram' | 'seqpacket'): HostFacts {
  const all: Paths = { '/run': { kind: 'folder' }, ...paths }
  return host({
    path: (path) => (all[path] === undefined ? undefined : { uid: 0, isWritable: true, ...all[path] }),
    boundSocket: (path) => (path === '/run/lan' ? bound : undefined),
  })
}

function find(check: string, spec: string, facts: HostFacts): Finding {
  const found = examine(facts, parseSpec(spec)).filter((finding) => finding.check === check)
  assert.equal(found.length, 1, JSON.stringify(found))
  return found[0]!
}

describe('doctor: bess and fd', () => {
  it('listening: what may be in the way, and the command line of a guest', () => {
    const look = (...args: Parameters<typeof withPaths>) =>
      find('socket', 'bess,listen=/run/lan', withPaths(...args))
    assert.equal(look({}).level, 'ok')
    assert.match(look({ '/run/lan': { kind: 'socket' } }).what, /will be replaced/)
    assert.match(look({ '/run/lan': { kind: 'socket' } }, 'seqpacket').what, /another program listens/)
    assert.match(look({ '/run/lan': { kind: 'other' } }).what, /no socket, and stays/)
    assert.match(look({ '/run/lan': { kind: 'socket', uid: 7 } }).what, /another user's/)
    assert.match(look({ '/run': { kind: 'folder', isWritable: false } }).what, /may not make a socket/)
    assert.deepEqual(find('socket', 'bess,listen=/srv/a/lan', withPaths({})).remedy, ['mkdir -p /srv/a'])
    assert.match(
      find('guest', 'bess,listen=/run/lan', withPaths({})).what,
      /vec0:transport=bess,dst=\/run\/lan,mac=fe:fd:00:00:00:01$/,
    )
    const few = { ...withPaths({}), openFiles: 256 }
    assert.equal(find('clients', 'bess,listen=/run/lan', few).level, 'note')
  })

  it('connecting: nobody there, somebody else, not allowed', () => {
    const look = (...args: Parameters<typeof withPaths>) =>
      find('peer', 'bess,connect=/run/lan', withPaths(...args))
    const socket = { '/run/lan': { kind: 'socket' } } as const
    assert.equal(look(socket, 'seqpacket').level, 'ok')
    assert.match(look({}).remedy![0]!, /^start what listens there, as in slirp4netns/)
    assert.match(look(socket).remedy![0]!, /^rm \/run\/lan; start/)
    assert.deepEqual(look(socket, 'stream').remedy, ['try stream,connect=/run/lan'])
    assert.match(
      look({ '/run/lan': { kind: 'socket', isWritable: false } }, 'seqpacket').remedy![0]!,
      /chmod/,
    )
    assert.match(look({ '/run/lan': { kind: 'other' } }).what, /is no socket/)
    assert.equal(find('peer', 'bess,connect=/run/lan,wait=on', withPaths({})).level, 'note')
  })

  it('descriptors: a socket, a tap, nothing, something else', () => {
    const look = (found: string | undefined) => find('descriptor', 'fd,3', host({ descriptor: () => found }))
    assert.equal(look('socket:[1]').level, 'ok')
    assert.equal(look('/dev/net/tun').level, 'ok')
    assert.match(look(undefined).what, /no descriptor 3/)
    assert.match(look('/dev/null').what, /neither socket nor tap/)
    assert.match(find('descriptor', 'fd', host()).what, /ethercast run mcast -- linux\.uml/)
  })

  it('this host: a listener that runs, and is gone', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ethercast-doctor-'))
    try {
      const path = join(folder, 'lan')
      const lan = await Switch.create()
      try {
        await lan.addPort(`bess,listen=${path}`)
        assert.equal(find('peer', `bess,connect=${path}`, hostFacts()).level, 'ok')
        assert.equal(find('socket', `bess,listen=${path}`, hostFacts()).level, 'problem')
      } finally {
        await lan.close()
      }
      assert.equal(find('socket', `bess,listen=${path}`, hostFacts()).level, 'ok')
      assert.equal(find('peer', `bess,connect=${path}`, hostFacts()).level, 'problem')
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
