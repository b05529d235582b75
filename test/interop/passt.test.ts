// passt on the far side: a program without any privilege reaches a server outside of its namespace, by ping and by TCP. passt is for one
// host, so each test has one of its own: a NIC inside a Node process, and a UML guest behind `join`.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Host } from '../support/host.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import { allowPings, asNobody, folderOfNobody, startPasst } from '../support/passt.js'
import { eventually } from '../support/wait.js'
import { guestPings, kFullPayload } from './asserts.js'
import type { JoinedPort } from './tap_lan.js'

/** Beyond the gateway, whose own address passt takes for the host that it runs on. */
const kServer = '192.0.2.80'
const kWebPort = 8080
const kOctets = 5_000_000

const kWebServer = `
  import { createServer } from 'node:http'
  import { readFileSync } from 'node:fs'
  const content = readFileSync(process.argv[1])
  createServer((request, response) => response.end(content)).listen(${kWebPort}, () => console.log('listening'))
`

describe('passt', function () {
  this.timeout(60_000)
  let lab: Lab
  let inside: Host
  let folder: string
  let inner: string
  let outer: string
  let sha256: string

  before(async function () {
    need(this, 'uml', 'passt', 'setpriv')
    lab = await Lab.create()
    inside = await lab.host('inside')
    const outside = await lab.host('outside')
    ;[inner, outer] = (await lab.link(inside, outside, { route239: false })).addresses
    await inside.ip('route', 'add', 'default', 'via', outer)
    await outside.ip('addr', 'add', `${kServer}/32`, 'dev', 'lo')
    await allowPings(inside)
    folder = folderOfNobody(lab.dir)
    const content = Buffer.from(Array.from({ length: kOctets }, (_, i) => (i * 31 + (i >> 8)) & 0xff))
    sha256 = createHash('sha256').update(content).digest('hex')
    writeFileSync(join(lab.dir, 'content'), content)
    await outside.node({ code: kWebServer }, [join(lab.dir, 'content')]).waitForLine(/^listening$/)
  })

  after(() => lab?.close())

  const ethercast = (...args: string[]) => asNobody(inside, process.execPath, ['dist/cli/main.js', ...args])

  it('a NIC in a Node process pings beyond the namespace, without root', async () => {
    const path = join(folder, 'ping.sock')
    await startPasst(inside, path)
    for (const octets of [56, kFullPayload]) {
      const args = ['--from', inner, '-c', '3', '-s', String(octets), '--json']
      const { code, stdout, stderr } = await ethercast(
        'ping',
        `stream,connect=${path}`,
        kServer,
        ...args,
      ).result(20_000)
      assert.equal(code, 0, `${stdout}${stderr}`)
      const lines = stdout.trim().split('\n')
      const summary = JSON.parse(lines.at(-1)!) as { transmitted: number; received: number }
      assert.equal(summary.received, 3, stdout)
    }
  })

  it('a UML guest pings and fetches by TCP, and again after passt was started anew', async () => {
    const path = join(folder, 'guest.sock')
    let passt = await startPasst(inside, path)
    const lan = ethercast('join', 'mcast,,,,,interface=lo', `stream,connect=${path}`, '--json')
    await lan.waitForLine(/"event":"ready"/)
    const guest = await inside.uml('one', `${inner}/24`, ['eth0=mcast,fe:fd:c6:12:09:01'])
    await guest.sh(`ip route add default via ${outer}`)
    const fetch = async () => {
      for (const octets of [56, kFullPayload]) await guestPings(guest, kServer, octets)
      const command = `wget -q -O - http://${kServer}:${kWebPort}/ | sha256sum`
      const { code, output } = await guest.sh(command, 30_000)
      assert.equal(code, 0, output)
      assert.equal(output.split(' ')[0], sha256)
    }
    await fetch()
    await passt.kill('SIGKILL')
    await lan.waitForLine(/"state":"reconnecting"/)
    passt = await startPasst(inside, path)
    const again = () => /"state":"reconnecting"[^]*"state":"up"/.test(lan.stdout)
    await eventually(again, 10_000, 'the port to be up again')
    await fetch()
    lan.signal('SIGINT')
    const { code, stdout, stderr } = await lan.result()
    assert.equal(code, 0, stderr)
    const done = JSON.parse(stdout.trim().split('\n').at(-1)!) as { ports: JoinedPort[] }
    const stream = done.ports.find(({ name }) => name.startsWith('stream'))!
    assert.equal(stream.reconnects, 1)
    assert.equal(stream.rx.drops.bad_framing, 0)
    await guest.kill()
  })
})
