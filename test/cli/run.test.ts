/** `ethercast run`: what a program that is started with its NIC gets, and what becomes of both. */

import assert from 'node:assert/strict'
import { connect } from '../../lib/index.js'
import { NetNode } from '../../lib/net/node.js'
import { eventually } from '../support/wait.js'
import { loGroup, makeFrame, take, useSwitches } from '../api/lan.js'
import { assertRefused, endAllAfterEach, ethercast, start } from './cli.js'

/** A program that joins the LAN by its descriptor, as any ethercast can. */
const kProgram = `
  import { connect } from './dist/index.js'
  const nic = await connect('fd,' + process.argv[1], { promiscuous: true })
  console.log('joined')
  for await (const batch of nic.frames()) for (const frame of batch) nic.send(frame.slice())
`

describe('cli: run', function () {
  this.timeout(30_000)
  endAllAfterEach()
  const { keep } = useSwitches()
  const shell = (script: string, ...options: string[]) =>
    ethercast('run', loGroup(), ...options, '--', 'sh', '-c', script)

  for (const more of [[], ['--datagram']]) {
    it(`a program is on the LAN by its descriptor ${more.join()}`, async () => {
      const group = loGroup()
      const program = [process.execPath, '--input-type=module', '--eval', kProgram, '--', '{fd}']
      const running = start(['run', group, ...more, '--', ...program])
      await running.waitForLine(/^joined$/)
      const nic = keep(await connect(group))
      const frame = makeFrame({ length: 1514, from: nic.mac })
      nic.send(frame)
      assert.deepEqual(await take(nic, 1), [frame])
      running.signal('SIGTERM')
      const { code } = await running.exited
      assert.equal(code, 128 + 15, 'the signal is passed on, and tells in the exit code')
    })
  }

  it('runs ethercast itself, which has a NIC there', async () => {
    const group = loGroup()
    await using node = new NetNode(keep(await connect(group)), { ipv4: '198.18.0.7' })
    assert.ok(node.addresses.includes('198.18.0.7'))
    const ping = ['dist/cli/main.js', 'ping', 'fd,{fd}', '198.18.0.7', '--from', '198.18.0.1', '-c', '2']
    const { code, stdout, stderr } = await ethercast('run', group, '--', process.execPath, ...ping)
    assert.equal(code, 0, stdout + stderr)
    assert.match(stdout, /2 transmitted, 2 received/)
  })

  it('ends with the exit code of the program, and has its own output on stderr alone', async () => {
    const { code, stdout, stderr } = await shell('echo {fd} {fd}; exit 7')
    assert.deepEqual({ code, stdout, stderr }, { code: 7, stdout: '3 3\n', stderr: '' })
    assert.equal((await shell('kill -9 $$')).code, 128 + 9)
  })

  it('the program has that one descriptor more, and its input', async () => {
    const { stdout } = await shell('[ -S /dev/fd/3 ] && echo socket; [ -e /dev/fd/4 ] || echo no other; cat')
    assert.equal(stdout, 'socket\nno other\n')
  })

  it('says when the program closes its NIC and lives on', async () => {
    const running = start(['run', loGroup(), '--', 'sh', '-c', 'exec 3>&-; echo closed; read line'])
    await running.waitForLine(/^closed$/)
    await running.waitForLine(/the program has closed its NIC, for good/)
    running.endInput()
    await eventually(() => running.exit)
  })

  it('refuses what is no start of a program', async () => {
    assertRefused(await ethercast('run'), /missing required argument|SPEC is missing|missing/)
    assertRefused(await ethercast('run', 'mcast'), /the program is missing: ethercast run SPEC/)
    assertRefused(await ethercast('run', 'mcast', 'sh'), /the program is missing/)
    assertRefused(await ethercast('run', '--', 'sh'), /a SPEC is missing/)
    assertRefused(await ethercast('run', 'mcst', '--', 'sh'), /did you mean mcast/)
    assertRefused(await ethercast('join', 'fd'), /fd,3.*ethercast run SPEC -- PROGRAM/)
    const none = await ethercast('run', loGroup(), '--', 'no-such-program-here')
    assert.equal(none.code, 127)
    assert.match(none.stderr, /no-such-program-here: no such program/)
    const folder = await ethercast('run', loGroup(), '--', '/tmp')
    assert.equal(folder.code, 126)
    const port = await ethercast('run', 'bess,connect=/nonexistent/lan', '--', 'true')
    assert.equal(port.code, 1)
    assert.match(port.stderr, /no such socket[^]*ethercast doctor/)
  })
})
