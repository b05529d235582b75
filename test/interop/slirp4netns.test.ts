// slirp4netns listens, we connect: this user's processes and guests reach the outside of a namespace that has no cable, without root.
//
//   web ── veth ── outside: slirp4netns ── socket ── inside: ethercast join ── a UML guest (bess)
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Host } from '../support/host.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import type { Running } from '../support/running.js'
import { eventually } from '../support/wait.js'
import { contentFile } from './guest_content.js'

const kNobody = 65534
const kUnprivileged = ['--reuid', String(kNobody), '--regid', String(kNobody), '--clear-groups', '--']
const kGateway = '10.0.2.2'
const kGuest = '10.0.2.100'
const kWebPort = 8080
const kFileOctets = 5_000_000

describe('slirp4netns --target-type=bess', function () {
  this.timeout(90_000)
  let lab: Lab
  let outside: Host
  let inside: Host
  let web: Host
  let webAddress: string
  let folder: string
  let sockets = 0

  before(async function () {
    need(this, 'netns', 'slirp4netns', 'setpriv')
    lab = await Lab.create()
    ;[outside, inside, web] = [await lab.host('out'), await lab.host('in'), await lab.host('web')]
    webAddress = (await lab.link(outside, web)).addresses[1]
    folder = join(lab.dir, 'slirp')
    mkdirSync(folder)
    chownSync(folder, kNobody, kNobody)
    chmodSync(lab.dir, 0o755)
  })

  after(() => lab?.close())

  /** Starts it as nobody. It serves one connection; when that has ended it does not, but is of no use any more. */
  async function slirp(): Promise<{ path: string; running: Running }> {
    const path = join(folder, `s${sockets++}.sock`)
    const running = outside.spawn('setpriv', [...kUnprivileged, 'slirp4netns', '--target-type=bess', path])
    await eventually(() => existsSync(path), 5000, 'slirp4netns to listen')
    return { path, running }
  }

  /** `ethercast`, as nobody, in the namespace without a cable. */
  const ethercast = (...args: string[]) =>
    inside.spawn('setpriv', [...kUnprivileged, process.execPath, 'dist/cli/main.js', ...args])

  it('a NIC in user space reaches the gateway by ARP and ping', async () => {
    const { path, running } = await slirp()
    const ping = ethercast('ping', `bess,connect=${path}`, kGateway, '--from', kGuest, '-c', '3', '--json')
    const { code, stdout, stderr } = await ping.result()
    assert.equal(code, 0, stdout + stderr)
    const { received, duplicates } = JSON.parse(stdout.trim().split('\n').at(-1)!) as Record<string, number>
    assert.deepEqual([received, duplicates], [3, 0])
    await running.kill()
  })

  it('a guest behind our switch gets a page from a host that only the outside reaches', async function () {
    need(this, 'uml')
    const content = contentFile(lab.dir, kFileOctets)
    const code = `
      import http from 'node:http'
      import { createReadStream } from 'node:fs'
      http.createServer((request, response) => createReadStream(${JSON.stringify(content.path)}).pipe(response))
        .listen(${kWebPort}, () => console.log('listening'))`
    await web.node({ code }).waitForLine(/^listening$/)
    const { path, running } = await slirp()
    const lan = join(folder, 'lan.sock')
    const joined = ethercast('join', `bess,connect=${path}`, `bess,listen=${lan}`)
    await joined.waitForLine(/^ready$/)
    const device = `vec0:transport=bess,dst=${lan},mac=fe:fd:0a:00:02:64`
    const guest = await inside.uml('one', `${kGuest}/24`, [device])
    const { code: got, output } = await guest.sh(
      `ip route add default via ${kGateway} && ping -c 2 -W 2 ${kGateway} && ` +
        `wget -q -O - http://${webAddress}:${kWebPort}/ | sha256sum`,
      60_000,
    )
    assert.equal(got, 0, output)
    const expected = createHash('sha256').update(readFileSync(content.path)).digest('hex')
    assert.match(output, new RegExp(`^${expected}`, 'm'))

    // It is gone; its successor is found by itself.
    await running.kill()
    await joined.waitForLine(/bess is reconnecting/)
    const again = outside.spawn('sh', [
      '-c',
      `rm ${path} && exec setpriv ${kUnprivileged.join(' ')} slirp4netns --target-type=bess ${path}`,
    ])
    await joined.waitForLine(/connected again/)
    const { code: pinged, output: said } = await guest.sh(`ping -c 2 -W 2 ${kGateway}`)
    assert.equal(pinged, 0, said)
    joined.signal('SIGINT')
    assert.equal((await joined.exited).code, 0, joined.stderr)
    assert.equal(existsSync(lan), false)
    await again.kill()
  })
})
