/** What the doctor says of real hosts: each ailment is made in a namespace, found by the command, and gone after its remedy. */

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

const DOCTOR = [process.execPath, 'dist/cli/main.js', 'doctor', '--json'] as const

function findings(stdout: string): Finding[] {
  const lines = stdout.trim().split('\n')
  return lines.map((line) => JSON.parse(line) as Finding).filter(({ event }) => event === 'finding')
}

async function examine(host: Host): Promise<Finding[]> {
  const { code, stdout } = await host.ethercast(['doctor', '--json']).result(20_000)
  assert.equal(code, 0, 'what is no problem fails nothing')
  return findings(stdout)
}

async function find(host: Host, check: string): Promise<Finding> {
  const all = await examine(host)
  const found = all.filter((finding) => finding.check === check)
  assert.equal(found.length, 1, `${check} is looked at once: ${JSON.stringify(all)}`)
  return found[0]!
}

/** Runs remedies as a person would paste them; whoever tests is root already. */
async function apply(host: Host, ...commands: string[]): Promise<void> {
  for (const command of commands)
    await host.exec('sh', ['-c', command.replaceAll('sudo ', '')], { check: true })
}

describe('doctor: the host, for real', function () {
  this.timeout(60_000)
  let lab: Lab

  before(async function () {
    need(this, 'netns', 'tun', 'setpriv', 'nft', 'script')
    lab = await Lab.create()
  })
  after(() => lab?.close())

  it('a bridge that snoops without a querier, and has a port of another MTU', async () => {
    const [host, far] = [await lab.host('bridge'), await lab.host('bridge-far')]
    const { devices } = await lab.link(host, far, { mtu: 9000 })
    await host.ip('link', 'add', 'br0', 'type', 'bridge')
    await host.ip('link', 'set', devices[0], 'master', 'br0')
    await host.ip('link', 'set', 'br0', 'mtu', '1400', 'up')
    const snooping = await find(host, 'snooping')
    assert.equal(snooping.level, 'note')
    const mtus = await find(host, 'mtus')
    assert.equal(mtus.level, 'warning')
    assert.match(mtus.what, /bridge br0 .*: .*br0 1400/)
    await apply(host, snooping.remedy![0]!, ...mtus.remedy!)
    const after = await examine(host)
    assert.equal(after.find(({ check }) => check === 'snooping')?.level, 'ok')
    assert.equal(
      after.find(({ check }) => check === 'mtus'),
      undefined,
    )
    await apply(host, snooping.remedy![1]!)
    assert.ok(!(await examine(host)).some(({ check }) => check === 'snooping'))
  })

  it('a strict reverse path filter where a group was joined, and on a tap', async () => {
    const [host, far] = [await lab.host('reverse'), await lab.host('reverse-far')]
    const { devices } = await lab.link(host, far)
    await host.tap('tap0')
    await host.exec('sysctl', ['-qw', 'net.ipv4.conf.all.rp_filter=1'], { check: true })
    const before = await find(host, 'reverse')
    assert.match(before.what, /on tap0$/, 'no group was joined on the cable yet')
    const member = host.ethercast(['join', `mcast,,,,,interface=${devices[0]}`])
    await member.waitForLine(/^ready$/)
    const sick = await find(host, 'reverse')
    assert.equal(sick.level, 'note')
    assert.match(sick.what, new RegExp(`on (tap0, ${devices[0]}|${devices[0]}, tap0)$`))
    await apply(host, ...sick.remedy!.slice(1))
    assert.ok(!(await examine(host)).some(({ check }) => check === 'reverse'))
    await member.kill()
  })

  it("forwarding that is off, and another's filter that drops", async () => {
    const host = await lab.host('filter')
    const off = (await examine(host)).filter(({ check, level }) => check === 'forwarding' && level === 'note')
    assert.equal(off.length, 1)
    await apply(host, ...off[0]!.remedy!.filter((line) => line.startsWith('sudo')))
    assert.equal((await find(host, 'forwarding')).level, 'ok')
    const chain = 'add chain ip filter FORWARD { type filter hook forward priority 0; policy drop; }'
    await host.exec('nft', ['-f', '-'], { input: `add table ip filter\n${chain}\n`, check: true })
    const sick = await find(host, 'firewall')
    assert.equal(sick.level, 'warning')
    await apply(host, ...sick.remedy!)
    const { stdout } = await host.exec('nft', ['list', 'chain', 'ip', 'filter', 'FORWARD'], { check: true })
    assert.match(stdout, /iifname "tap0" accept[^]*|oifname "tap0" accept/)
  })

  it('a tap that nobody has open, and then somebody', async () => {
    const host = await lab.host('taps')
    await host.tap('tap7')
    const idle = await find(host, 'taps')
    assert.match(idle.what, /: tap7$/)
    const user = host.ethercast(['join', 'tuntap,tap7', 'mcast,,,,,interface=lo'])
    await user.waitForLine(/^ready$/)
    assert.ok(!(await examine(host)).some(({ check }) => check === 'taps'))
    await user.kill()
    await apply(host, idle.remedy![0]!)
    assert.ok(!(await examine(host)).some(({ check }) => check === 'taps'))
  })

  it('a socket whose program was killed', async () => {
    const host = await lab.host('stale')
    const die =
      "require('net').createServer().listen('/run/ethercast/dead.ctl', () => process.kill(process.pid, 9))"
    const script = `mount -t tmpfs none /run && mkdir /run/ethercast && { "$1" -e "$0" || true; } && shift && exec "$@"`
    // What is mounted here is seen by this shell alone: `ip netns exec` has given it mounts of its own.
    const { stdout } = await host.exec('sh', ['-c', script, die, process.execPath, ...DOCTOR], {
      check: true,
    })
    const stale = findings(stdout).filter(({ check }) => check === 'stale')
    assert.equal(stale.length, 1)
    assert.match(stale[0]!.what, /\/run\/ethercast\/dead\.ctl$/)
    assert.deepEqual(stale[0]!.remedy, ['rm /run/ethercast/dead.ctl'])
  })

  it('a process without capabilities', async () => {
    const host = await lab.host('rights')
    assert.equal((await find(host, 'rights')).level, 'ok')
    const bare = ['--bounding-set', '-all', '--inh-caps', '-all', ...DOCTOR]
    const { code, stdout } = await host.exec('setpriv', bare)
    assert.equal(code, 0)
    const rights = findings(stdout).find(({ check }) => check === 'rights')
    assert.match(rights!.what, /^without CAP_NET_ADMIN and CAP_NET_RAW/)
  })

  it('a host without /dev/net/tun, and one where it is for a group', async () => {
    const host = await lab.host('tun')
    const hidden = 'mount -t tmpfs none /dev/net && exec "$@"'
    const without = await host.exec('sh', ['-c', hidden, 'sh', ...DOCTOR], { check: true })
    assert.match(findings(without.stdout).find(({ check }) => check === 'access')!.what, /ENOENT/)
    const grouped = `mount -t tmpfs none /dev/net && mknod -m 0660 /dev/net/tun c 10 200 && chgrp 54321 /dev/net/tun && exec "$@"`
    const shared = await host.exec('sh', ['-c', grouped, 'sh', ...DOCTOR], { check: true })
    assert.match(
      findings(shared.stdout).find(({ check }) => check === 'access')!.what,
      /root and the group 54321 \(0660\)/,
    )
  })

  it('on a terminal no line is longer than it is wide, commands apart', async () => {
    const host = await lab.host('terminal')
    await host.ip('link', 'add', 'br0', 'type', 'bridge')
    const command = `stty columns 60; ${process.execPath} dist/cli/main.js doctor`
    const { stdout } = await host.exec('script', ['-qec', command, '/dev/null'], {
      env: { NO_COLOR: '1', LC_ALL: 'C' },
    })
    const lines = stdout.split(/\r?\n/)
    assert.ok(lines.some((line) => line.includes('snoops')))
    const long = lines.filter((line) => line.length > 60 && !/^ +-> (sudo|echo|docker) /.test(line))
    assert.deepEqual(long, [])
  })
})
