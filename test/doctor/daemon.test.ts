/** The doctor's checks of switch daemons, on hosts that are made up and on this one. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { examine, hostFacts } from '../../lib/doctor/index.js'
import type { Finding, HostFacts, SocketFile } from '../../lib/doctor/index.js'
import { parseSpec } from '../../lib/spec/index.js'
import { startNode } from '../support/child.js'
import { freshPath } from '../support/folder.js'
import { host } from './made_up.js'

const live: SocketFile = {
  kind: 'socket',
  mode: 0o755,
  owner: 0,
  isWritable: true,
  listener: 'uml_switch (812)',
}
const { listener: _, ...dead } = live
const folder: SocketFile = { ...dead, kind: 'folder' }
const at = (files: Record<string, SocketFile | string>): Partial<HostFacts> => ({
  socketFile: (path) => files[path],
})

function find(check: string, spec: string, changes: Partial<HostFacts> = {}): Finding | undefined {
  return examine(host(changes), parseSpec(spec)).find((finding) => finding.check === check)
}
function socketOf(spec: string, files: Record<string, SocketFile | string>): Finding {
  return find('socket', spec, at(files))!
}

describe('doctor: switch daemons', () => {
  it('a daemon that listens, named, at a usual place, in a folder of VDE', () => {
    for (const [spec, path] of [
      ['daemon,,unix,/x/ctl', '/x/ctl'],
      ['daemon', '/tmp/uml.ctl'],
      ['daemon', '/var/run/uml-utilities/uml_switch.ctl'],
    ] as const) {
      assert.deepEqual(socketOf(spec, { [path]: live }), {
        level: 'ok',
        check: 'socket',
        what: `uml_switch (812) listens at ${path}`,
      })
    }
    assert.equal(socketOf('daemon,,unix,/vde', { '/vde': folder, '/vde/ctl': live }).level, 'ok')
  })

  it('none, a dead one, one for others, and what is no socket: each with its remedy', () => {
    const cases: [string, Record<string, SocketFile | string>, RegExp, RegExp][] = [
      ['daemon', {}, /no switch daemon/, /ethercast switch -unix \/tmp\/uml\.ctl/],
      ['daemon,,unix,/x', {}, /\/x is not there/, /wait=on/],
      ['daemon,,unix,/vde', { '/vde': folder }, /no vde_switch has this folder/, /^vde_switch -s \/vde$/m],
      ['daemon,,unix,/x', { '/x': dead }, /nobody in this network namespace/, /ip netns exec/],
      ['daemon,,unix,/x', { '/x': { ...live, isWritable: false } }, /mode 755/, /chmod g\+w/],
      ['daemon,,unix,/x', { '/x': { ...dead, kind: 'other' } }, /is no socket/, /control socket/],
      ['daemon,,unix,/x', { '/x': 'EACCES' }, /can't be looked at \(EACCES\)/, /ls -ld/],
    ]
    for (const [spec, files, what, remedy] of cases) {
      const finding = socketOf(spec, files)
      assert.equal(finding.level, 'problem', spec)
      assert.match(finding.what, what)
      assert.match(finding.remedy!.join('\n'), remedy)
    }
    assert.equal(socketOf('daemon,,unix,/x,wait=on', {}).level, 'ok')
  })

  it('short queues of datagrams', () => {
    const sysctl = (name: string) => (name === 'net.unix.max_dgram_qlen' ? '10' : String(8 << 20))
    assert.match(find('queue', 'daemon', { sysctl, ...at({ '/tmp/uml.ctl': live }) })!.what, /10 frames/)
    assert.equal(find('queue', 'daemon', at({ '/tmp/uml.ctl': live })), undefined)
  })

  it('being one: free, left over, taken, not ours', () => {
    const spec = 'switch,,unix,/x'
    assert.match(socketOf(spec, {}).what, /can be made/)
    assert.match(socketOf(spec, { '/x': dead }).what, /will be replaced/)
    for (const [files, what] of [
      [{ '/x': live }, /uml_switch \(812\) listens at \/x already/],
      [{ '/x': { ...dead, owner: 7 } }, /dead socket of user 7/],
      [{ '/x': { ...dead, kind: 'other' } }, /is no socket/],
      [{ '/x': 'ELOOP' }, /ELOOP/],
    ] as [Record<string, SocketFile | string>, RegExp][]) {
      const finding = socketOf(spec, files)
      assert.equal(finding.level, 'problem')
      assert.match(finding.what, what)
    }
    for (const errno of ['ENOENT', 'EACCES', 'EROFS'])
      assert.equal(find('socket', spec, { socketFolder: () => errno })!.level, 'problem')
    assert.match(find('descriptors', spec, { openFiles: 1024 })!.what, /some 480 clients, not 1000/)
    assert.equal(find('descriptors', `${spec},clients=400`, { openFiles: 1024 }), undefined)
  })

  it('looks at this host without connecting to anybody', async () => {
    const path = freshPath('ctl')
    const facts = hostFacts()
    assert.equal(facts.socketFile(path), undefined)
    assert.equal(facts.socketFolder(path), 'ok')
    assert.equal(facts.socketFolder(`${path}/x`), 'ENOENT')
    const server = createServer(() => assert.fail('connected')).listen(path)
    await once(server, 'listening')
    const found = facts.socketFile(path) as SocketFile
    assert.equal(found.kind, 'socket')
    assert.match(found.listener!, new RegExp(` \\(${process.pid}\\)$`))
    await new Promise((resolve) => server.close(resolve))
    // A dead one is what a process leaves that was killed.
    const code = `(await import('node:net')).createServer().listen(${JSON.stringify(path)}, () => console.log('there'))`
    const child = startNode({ code })
    await child.waitForLine(/^there$/)
    await child.kill('SIGKILL')
    assert.equal((facts.socketFile(path) as SocketFile).listener, undefined)
    rmSync(path)
  })
})
