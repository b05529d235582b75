/** The doctor's checks of Unix sockets and descriptors, on hosts that are made up: the same words for every transport. */

import assert from 'node:assert/strict'
import { examine } from '../../lib/doctor/index.js'
import type { FolderFault, PathFact } from '../../lib/doctor/index.js'
import { parseSpec } from '../../lib/spec/index.js'
import { alive, dead, findOne, host, sockets } from './made_up.js'

type Files = Record<string, PathFact | string>
const kPath = '/srv/lan'

describe('doctor: Unix sockets', () => {
  it('one that is made: what is in the way, and in whose folder', () => {
    for (const spec of [
      `bess,listen=${kPath}`,
      `stream,listen=${kPath}`,
      `switch,,unix,${kPath}`,
      `dgram,local=${kPath},remote=/srv/other`,
    ]) {
      const look = (files: Files, fault?: FolderFault) =>
        findOne('socket', spec, host({ sockets: sockets(files, { folderFault: () => fault }) }))
      const at = (found: PathFact | string) => look({ [kPath]: found })
      assert.deepEqual(look({}), { level: 'ok', check: 'socket', what: '/srv/lan can be made' }, spec)
      assert.deepEqual([at(dead).level, /will be replaced$/.test(at(dead).what)], ['ok', true])
      for (const [finding, what, remedy] of [
        [at(alive), /^uml_switch \(812\) listens at \/srv\/lan already \(EADDRINUSE\)$/, /^end that program/],
        [
          at({ ...alive, holder: { name: 'somebody', type: 'dgram' } }),
          /^somebody has /,
          /^ss -xap src \/srv/,
        ],
        [at({ ...dead, owner: 7 }), /is a socket of user 7, and stays \(EPERM\)$/, /^sudo rm \/srv\/lan /],
        [at({ ...dead, kind: 'link' }), /is no socket, and stays \(EEXIST\)$/, /choose another path/],
        [at('EACCES'), /can't be looked at \(EACCES\)$/, /^ls -ld \/srv\/lan$/],
        [look({}, { why: 'missing', part: '/srv' }), /no folder \/srv \(ENOENT\)$/, /^mkdir -p \/srv$/],
        [look({}, { why: 'no folder', part: '/srv' }), /^\/srv is no folder/, /folder of your own/],
        [look({}, { why: 'closed', part: '/srv' }), /may not make .* in \/srv \(EACCES\)$/, /of your own/],
        [
          look({}, { why: 'foreign link', part: '/srv' }),
          /another user's symbolic link \/srv/,
          /of your own/,
        ],
        [look({}, { why: 'open to all', part: '/srv' }), /^anybody may change .*\/srv/, /of your own/],
      ] as const) {
        assert.equal(finding.level, 'problem', finding.what)
        assert.match(finding.what, what)
        assert.match(finding.remedy![0]!, remedy)
      }
    }
  })

  it('one that is connected to: there, of the right type, with somebody, and for this user', () => {
    for (const [type, spec] of [
      ['seqpacket', `bess,connect=${kPath}`],
      ['stream', `stream,connect=${kPath}`],
      ['stream', `daemon,,unix,${kPath}`],
      ['stream', `slip,line=${kPath}`],
      ['dgram', `dgram,local=/srv/own,remote=${kPath}`],
    ] as const) {
      const isPatient = type === 'dgram' // it always waits, and has no option for that
      const look = (found?: PathFact | string, more = '') =>
        findOne(
          'peer',
          spec + more,
          host({ sockets: sockets(found === undefined ? {} : { [kPath]: found }) }),
        )
      const right: PathFact = { ...alive, holder: { name: 'vde (9)', type } }
      assert.equal(look(right).what, `vde (9) ${isPatient ? 'has' : 'listens at'} /srv/lan`)
      const other = type === 'dgram' ? 'stream' : 'dgram'
      for (const [finding, what, remedy] of [
        [look('EACCES'), /can't be looked at \(EACCES\)$/, /^ls -ld/],
        [look({ ...right, isWritable: false }), /EACCES\).*user 0's, with mode 755$/, /chgrp .* chmod g\+w/],
        [
          look({ ...right, holder: { name: 'x', type: other } }),
          /is a .* socket, not a .*EPROTOTYPE/,
          /for /,
        ],
      ] as const) {
        assert.equal(finding.level, 'problem', finding.what)
        assert.match(finding.what, what)
        assert.match(finding.remedy![0]!, remedy)
      }
      for (const [finding, what] of isPatient
        ? ([
            [look(), /is not there yet: the port waits$/],
            [look(dead), /^nobody in this network namespace has .* yet/],
          ] as const)
        : ([
            [look(undefined, ',wait=on'), /is not there yet: the port waits$/],
            [look(dead, ',wait=on'), /^nobody in this network namespace has .* yet/],
          ] as const)) {
        assert.deepEqual([finding.level, finding.remedy], ['note', []])
        assert.match(finding.what, what)
      }
      if (isPatient) continue
      assert.equal(look().level, 'problem')
      assert.match(look().what, /^\/srv\/lan is not there \(ENOENT\)$/)
      assert.equal(look().remedy!.at(-1), 'or wait for it: wait=on')
      assert.match(look(dead).what, /^nobody in this network namespace has \/srv\/lan \(ECONNREFUSED\)$/)
      // What lives in another namespace is found by its path, but for switches it is of no use.
      assert.equal(look(dead).level, spec.startsWith('daemon') ? 'problem' : 'warning')
    }
    const folder = host({ sockets: sockets({ [kPath]: { ...dead, kind: 'folder' } }) })
    assert.match(findOne('peer', `bess,connect=${kPath}`, folder).what, /is no socket \(ENOTSOCK\)$/)
  })

  it('switch daemons: usual places, folders of VDE, short queues', () => {
    const look = (spec: string, files: Files) => findOne('peer', spec, host({ sockets: sockets(files) }))
    for (const path of ['/tmp/uml.ctl', '/var/run/uml-utilities/uml_switch.ctl'])
      assert.equal(look('daemon', { [path]: alive }).what, `uml_switch (812) listens at ${path}`)
    assert.match(look('daemon', {}).what, /no switch daemon at any/)
    assert.match(look('daemon', {}).remedy![0]!, /^ethercast switch -unix \/tmp\/uml\.ctl/)
    assert.equal(look('daemon,wait=on', {}).level, 'note')
    const folder: PathFact = { ...dead, kind: 'folder' }
    assert.equal(look('daemon,,unix,/vde', { '/vde': folder, '/vde/ctl': alive }).level, 'ok')
    assert.equal(look('daemon,,unix,/vde', { '/vde': folder }).remedy![0], 'vde_switch -s /vde')
    assert.match(look('daemon,,unix,/x', { '/x': dead }).why!, /ip netns exec/)
    const sysctl = (name: string) => (name === 'net.unix.max_dgram_qlen' ? '10' : String(8 << 20))
    assert.match(findOne('queue', 'daemon', host({ sysctl })).what, /10 frames/)
    assert.ok(!examine(host(), parseSpec('daemon')).some(({ check }) => check === 'queue'))
  })

  it('clients: as many as there are descriptors for', () => {
    const few = host({ openFiles: 1024 })
    for (const [spec, room] of [
      ['switch,,unix,/x', 480],
      ['bess,listen=/x', 960],
      ['stream,listen=/x', 960],
      ['stream,listen=127.0.0.1:1234', 960],
    ] as const) {
      assert.match(findOne('clients', spec, few).what, new RegExp(`some ${room} clients, not 1024$`))
      assert.ok(!examine(few, parseSpec(`${spec},clients=400`)).some(({ check }) => check === 'clients'))
    }
  })

  it('the TUN device of slip: as a tap, and with an address of its own', () => {
    const spec = 'slip,198.18.1.254,line=tun'
    const user = { uid: 1000, groups: [1000], hasNetAdmin: false }
    assert.equal(findOne('device', spec, host()).level, 'ok')
    assert.match(findOne('tun', spec, host({ tunFeatures: () => 'EACCES' })).remedy![0]!, /chmod 666/)
    assert.match(findOne('device', spec, host({ user })).why!, /CAP_NET_ADMIN/)
    assert.equal(findOne('address', 'slip,192.0.2.1,line=tun', host()).level, 'warning')
  })

  it('what a guest of bess says, a tty for slip, and descriptors', () => {
    const { what } = findOne('guest', 'bess,listen=/run/lan', host())
    assert.match(what, /vec0:transport=bess,dst=\/run\/lan,mac=fe:fd:00:00:00:01$/)
    const tty = (isWritable: boolean) =>
      findOne(
        'line',
        'slip,line=/dev/ttyS0',
        host({ sockets: sockets({ '/dev/ttyS0': { ...dead, kind: 'other', isWritable } }) }),
      )
    assert.deepEqual([tty(true).level, tty(false).level], ['ok', 'problem'])
    const look = (found: string | undefined) =>
      findOne('descriptor', 'fd,3', host({ sockets: sockets({}, { descriptor: () => found }) }))
    assert.equal(look('socket:[1]').level, 'ok')
    assert.equal(look('/dev/net/tun').level, 'ok')
    assert.match(look(undefined).what, /no descriptor 3/)
    assert.match(look('/dev/null').what, /neither socket nor tap/)
    assert.match(findOne('descriptor', 'fd', host()).what, /ethercast run mcast -- linux\.uml/)
  })
})
