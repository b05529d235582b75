/** The doctor on real hosts: each ailment is made in a namespace, found by the command, and gone after its remedy. */

import assert from 'node:assert/strict'
import type { Host } from '../support/host.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'

interface Finding {
  event: string
  level: string
  check: string
  what: string
  remedy?: string[]
}

async function diagnose(host: Host, spec: string): Promise<{ code: number | null; findings: Finding[] }> {
  const { code, stdout } = await host.ethercast(['doctor', spec, '--json']).result(20_000)
  const lines = stdout.trim().split('\n')
  return { code, findings: lines.map((line) => JSON.parse(line) as Finding) }
}

async function find(host: Host, spec: string, check: string): Promise<Finding & { code: number | null }> {
  const { code, findings } = await diagnose(host, spec)
  const found = findings.find((finding) => finding.check === check)
  assert.ok(found, `${check} is looked at: ${JSON.stringify(findings)}`)
  return { ...found, code }
}

/** Runs a remedy as a person would paste it. */
async function apply(host: Host, command: string): Promise<void> {
  await host.exec('sh', ['-c', command], { check: true })
}

describe('doctor: real hosts', function () {
  this.timeout(60_000)
  let lab: Lab

  before(async function () {
    need(this, 'netns')
    lab = await Lab.create()
  })
  after(() => lab?.close())

  it('no multicast route', async () => {
    const [host, far] = [await lab.host('route', { route239: false }), await lab.host('far')]
    await lab.link(host, far, { route239: false })
    const sick = await find(host, 'mcast', 'route')
    assert.equal(sick.level, 'problem')
    assert.equal(sick.code, 1)
    await apply(
      host,
      sick.remedy!.find((line) => line.startsWith('ip route'))!,
    )
    const well = await find(host, 'mcast', 'route')
    assert.equal(well.level, 'ok')
    assert.equal(well.code, 0)
  })

  it('an interface without MULTICAST', async () => {
    const [host, far] = [await lab.host('flag'), await lab.host('flag-far')]
    const { devices } = await lab.link(host, far)
    await host.ip('link', 'set', devices[0], 'multicast', 'off')
    const spec = `mcast,,239.192.168.1,1102,1,interface=${devices[0]}`
    const sick = await find(host, spec, 'multicast')
    assert.equal(sick.level, 'problem')
    await apply(host, sick.remedy![0]!)
    assert.equal((await find(host, spec, 'multicast')).level, 'ok')
  })

  it('a port taken without reuse', async () => {
    const host = await lab.host('port')
    const holder = host.node({
      code: "import { createSocket } from 'node:dgram'; createSocket('udp4').bind(1102, () => console.log('taken'))",
    })
    await holder.waitForLine(/^taken$/)
    const sick = await find(host, 'mcast', 'port')
    assert.equal(sick.level, 'problem')
    assert.match(sick.what, /EADDRINUSE/)
    const who = await host.exec('sh', ['-c', sick.remedy![0]!])
    assert.match(who.stdout, new RegExp(`pid=${holder.pid}\\b`), 'the remedy names the program')
    await holder.kill()
    assert.equal((await find(host, 'mcast', 'port')).level, 'ok')
  })

  it('an MTU that will fragment', async () => {
    const [a, b] = [await lab.host('mtu-a'), await lab.host('mtu-b')]
    const { devices } = await lab.link(a, b, { mtu: 1500 })
    const sick = await find(a, 'mcast', 'mtu')
    assert.equal(sick.level, 'warning')
    assert.equal(sick.code, 0, 'a warning is no problem')
    assert.match(sick.remedy![0]!, /mtu 1458/)
    await a.ip('link', 'set', devices[0], 'mtu', '9000')
    assert.equal((await find(a, 'mcast', 'mtu')).level, 'ok')
  })

  it('the receive buffers of this kernel', async () => {
    const host = await lab.host('buffer')
    const limit = Number((await host.exec('cat', ['/proc/sys/net/core/rmem_max'])).stdout)
    const fitting = await find(host, `mcast,,239.192.168.1,1102,1,buffer=${limit}`, 'buffer')
    assert.equal(fitting.level, 'ok')
    const short = await find(host, `mcast,,239.192.168.1,1102,1,buffer=${limit + 1}`, 'buffer')
    assert.equal(short.level, 'warning')
    assert.equal(short.remedy![0], `sysctl -w net.core.rmem_max=${limit + 1}`)
  })

  it('speaks to people too, and refuses what is no spec', async () => {
    const host = await lab.host('text')
    const well = await host.ethercast(['doctor', 'mcast']).result(20_000)
    assert.equal(well.code, 0)
    assert.match(well.stdout, /^ok +the route to 239\.192\.168\.1 goes through lo$/m)
    const wrong = await host.ethercast(['doctor', 'mcats']).result(20_000)
    assert.equal(wrong.code, 2)
    assert.match(wrong.stderr, /mcast/)
  })
})
