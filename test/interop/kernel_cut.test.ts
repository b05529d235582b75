// What we cut from a super-frame is, octet for octet, what this machine's kernel cuts from the same.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { Lab } from '../support/lab.js'
import { buildNative, kNativeBuildMs } from '../support/native_build.js'
import { need } from '../support/need.js'

const kRunMs = 60_000
// The named ones of four kinds, and as many random ones; see native/test/programs/kernel_cut.cpp.
const kLeastCases = 370

describe('cutting, beside the kernel', function () {
  let program: string
  let lab: Lab

  before(async function () {
    need(this, 'netns', 'ethtool', 'cmake', 'doctest')
    this.timeout(2 * kNativeBuildMs)
    program = join(await buildNative('ethercast_kernel_cut'), 'ethercast_kernel_cut')
    lab = await Lab.create()
  })

  after(() => lab?.close())

  it('TCP and UDP over IPv4 and IPv6, tags, options, flags, sizes: each segment is the same', async function () {
    this.timeout(kRunMs)
    const host = await lab.host('cut')
    await host.ip('link', 'add', 'cut0', 'type', 'veth', 'peer', 'name', 'cut1')
    for (const device of ['cut0', 'cut1']) await host.ip('link', 'set', device, 'mtu', '9100', 'up')
    // So that the kernel cuts and sums itself, before the cable.
    await host.exec('ethtool', ['-K', 'cut0', 'tx', 'off', 'tso', 'off', 'gso', 'off'], { check: true })

    const { code, stdout, stderr } = await host.exec(program, ['cut0', 'cut1'], { timeoutMs: kRunMs })
    const lines = stdout.trim().split('\n')
    assert.deepEqual(
      lines.filter((line) => !line.startsWith('same ')),
      [],
      stderr,
    )
    assert.equal(code, 0, stderr)
    assert.ok(lines.length >= kLeastCases, `${lines.length} cases`)
  })
})
