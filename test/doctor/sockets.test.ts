/** What the doctor knows of sockets: from the kernel's tables, and from this host, where nobody is connected to. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmodSync, lchownSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { relative } from 'node:path'
import { boundSockets, listens, socketFacts } from '../../lib/doctor/sockets.js'
import type { PathFact } from '../../lib/doctor/index.js'
import { Switch } from '../../lib/index.js'
import { startNode } from '../support/child.js'
import { freeTcp, freshPath } from '../support/fresh.js'

describe('doctor: what is known of sockets', () => {
  it("reads the kernel's tables", () => {
    const unix =
      'Num       RefCount Protocol Flags    Type St Inode Path\n' +
      '00000000fd0a57c8: 00000002 00000000 00010000 0001 01 17420 /run/a b\n' +
      '00000000fd0a57c9: 00000002 00000000 00000000 0002 01 17421 run/d\n' +
      '00000000fd0a57ca: 00000003 00000000 00000000 0001 03 17422 /run/a b\n' +
      '00000000fd0a57cb: 00000002 00000000 00010000 0005 01 17423 @abstract\n' +
      '00000000fd0a57cc: 00000003 00000000 00000000 0001 03 17424\n'
    assert.deepEqual(boundSockets(unix), [
      { type: 'stream', inode: '17420', path: '/run/a b' },
      { type: 'dgram', inode: '17421', path: 'run/d' },
    ])
    const tcp =
      '  sl  local_address rem_address   st tx_queue\n' +
      '   0: 0100007F:04D2 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1\n' +
      '   1: 0100007F:04D3 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 1\n'
    assert.ok(listens('127.0.0.1', 1234, [tcp]))
    assert.ok(!listens('127.0.0.2', 1234, [tcp]))
    assert.ok(!listens('127.0.0.1', 1235, [tcp]))
  })

  it('who has a path, however it is spelled, and that nobody has it', async () => {
    const [path, link] = [freshPath(), freshPath()]
    symlinkSync(path, link)
    assert.equal(socketFacts.at(path), undefined)
    assert.equal(socketFacts.at(link), undefined)
    const server = createServer(() => assert.fail('connected')).listen(relative('.', path))
    await once(server, 'listening')
    for (const name of [path, link, relative('.', path)]) {
      const { kind, holder } = socketFacts.at(name) as PathFact
      assert.deepEqual([kind, holder!.type], ['socket', 'stream'])
      assert.match(holder!.name, new RegExp(` \\(${process.pid}\\)$`))
    }
    assert.equal((socketFacts.named(link) as PathFact).kind, 'link')
    await new Promise((resolve) => server.close(resolve))
    // A dead one is what a process leaves that was killed.
    const code = `(await import('node:net')).createServer().listen(${JSON.stringify(path)}, () => console.log('there'))`
    const child = startNode({ code })
    await child.waitForLine(/^there$/)
    await child.kill('SIGKILL')
    const { kind, holder } = socketFacts.at(path) as PathFact
    assert.deepEqual([kind, holder], ['socket', undefined])
    rmSync(path)
  })

  it("our own ports' sockets, each of its type", async () => {
    const lan = await Switch.create()
    try {
      for (const [type, spec] of [
        ['seqpacket', 'bess,listen=PATH'],
        ['stream', 'stream,listen=PATH'],
        ['stream', 'switch,,unix,PATH'],
        ['dgram', 'dgram,local=PATH,remote=/nowhere/at/all'],
      ] as const) {
        const path = freshPath()
        await lan.addPort(spec.replace('PATH', path))
        assert.equal((socketFacts.at(path) as PathFact).holder!.type, type, spec)
      }
    } finally {
      await lan.close()
    }
  })

  it('folders where a socket can be made, and where the port refuses to', async () => {
    const [folder, link, lan] = [freshPath(), freshPath(), await Switch.create()]
    mkdirSync(folder)
    symlinkSync(folder, link)
    try {
      /** What the doctor says, and that the port agrees. */
      const look = async (path: string, code: string | undefined) => {
        const adding = lan.addPort(`bess,listen=${path}`)
        if (code === undefined) await (await adding).close()
        else await assert.rejects(adding, { code })
        return socketFacts.folderFault(path)
      }
      assert.equal(await look(`${folder}/s`, undefined), undefined)
      assert.equal(await look(`${link}/../${folder.split('/').at(-1)}/s`, undefined), undefined)
      const missing = { why: 'missing', part: `${folder}/x` }
      assert.deepEqual(await look(`${link}/x/s`, 'ENOENT'), missing)
      if (process.geteuid!() === 0) {
        lchownSync(link, 65534, 65534)
        assert.deepEqual(await look(`${link}/s`, 'EPERM'), { why: 'foreign link', part: link })
      }
      chmodSync(folder, 0o777)
      assert.deepEqual(await look(`${folder}/s`, 'EPERM'), { why: 'open to all', part: folder })
      chmodSync(folder, 0o1777)
      assert.equal(await look(`${folder}/s`, undefined), undefined)
      assert.deepEqual(await look('/dev/null/s', 'ENOTDIR'), { why: 'no folder', part: '/dev/null' })
    } finally {
      await lan.close()
    }
  })

  it('who listens at a TCP port, and what a descriptor is', async () => {
    const port = Number((await freeTcp('127.0.0.1')).split(':')[1])
    assert.equal(socketFacts.isTcpListening('127.0.0.1', port), false)
    const server = createServer().listen(port, '127.0.0.1')
    await once(server, 'listening')
    assert.equal(socketFacts.isTcpListening('127.0.0.1', port), true)
    server.close()
    assert.equal(socketFacts.descriptor(99_999), undefined)
  })
})
