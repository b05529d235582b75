/** `ethercast tunctl` beside Debian's `tunctl`: the same arguments, octet for octet the same answers, the same devices. */

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { nodeArguments, projectRoot } from '../support/child.js'
import type { Host } from '../support/host.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import type { Result } from '../support/running.js'

const main = join(projectRoot, 'dist/cli/main.js')
const kinds = ['tunctl', 'ethercast tunctl'] as const
type Which = (typeof kinds)[number]

/** Commands one after the other, each with the arguments of tunctl. */
type Steps = readonly (readonly string[])[]

const CASES: Record<string, Steps> = {
  'makes the next free tap, for who calls': [[], [], ['--']],
  'makes a tap of that name': [
    ['-t', 'lan0'],
    ['-t', 'lan0'],
  ],
  'numbers a name': [
    ['-t', 'lan%d'],
    ['-t', 'lan%d', '-b'],
    ['-t', 'x%dy%d'],
  ],
  'prints the name alone': [['-b'], ['-bt', 'lan1'], ['-btlan2'], ['-bb'], ['-t', '', '-b']],
  'gives it to a user by name or number': [
    ['-u', 'nobody', '-t', 'u0'],
    ['-u', '0', '-t', 'u1'],
    ['-u', '1234', '-t', 'u2'],
    ['-u1234', '-t', 'u3'],
    ['-u', '0x10', '-t', 'u4'],
    ['-u', '010', '-t', 'u5'],
    ['-u', ' 7', '-t', 'u6'],
    ['-u', '+7', '-t', 'u7'],
    ['-u', 'nobody', '-u', 'daemon', '-t', 'u8'],
  ],
  'takes numbers of users that are none': [
    ['-u', '', '-t', 'v0'],
    ['-u', '-1', '-t', 'v1'],
    ['-u', '-5', '-t', 'v2'],
    ['-u', '4294967295', '-t', 'v3'],
    ['-u', '4294967296', '-t', 'v4'],
    ['-u', '99999999999999999999', '-t', 'v5'],
    ['-u', '-99999999999999999999', '-t', 'v6'],
    ['-u', '-1', '-g', '5', '-t', 'v7'],
  ],
  'gives it to a group, and then to no user': [
    ['-g', 'daemon', '-t', 'g0'],
    ['-g', '77', '-t', 'g1'],
    ['-g', '-1', '-t', 'g2'],
  ],
  'gives it to both': [
    ['-u', 'nobody', '-g', 'daemon', '-t', 'b0'],
    ['-u', '5', '-g', '6', '-b', '-t', 'b1'],
  ],
  'changes the owner of one that is there': [
    ['-u', '5', '-t', 'c0'],
    ['-u', '6', '-t', 'c0'],
    ['-g', '7', '-t', 'c0'],
  ],
  'does not know that user or group': [
    ['-u', 'nosuchuser'],
    ['-u', '12x'],
    ['-u', '0x'],
    ['-u', '08'],
    ['-u', ' '],
    ['-u', '- 5'],
    ['-g', 'nosuchgroup'],
    ['-g', '1 '],
    ['-d', 'tap0', '-u', 'nosuchuser'],
    ['-u', 'nosuchuser', '-x'],
    ['-x', '-u', 'nosuchuser'],
  ],
  'lets a tap go': [['-t', 'd0'], ['-d', 'd0'], ['-t', 'd1'], ['-dd1'], ['-t', 'd2'], ['-b', '-d', 'd2']],
  'lets one go that is not there, without a word': [
    ['-d', 'nosuchdev'],
    ['-d', ''],
  ],
  'the last of -t and -d has the name': [
    ['-t', 'e0'],
    ['-d', 'e1', '-t', 'e0'],
    ['-t', 'e0', '-d', 'e1'],
  ],
  'cuts a name that is too long': [
    ['-t', 'averylongnamethatistoolong'],
    ['-d', 'averylongnamethatistoolong'],
  ],
  'refuses names of other devices, and what is no name': [
    ['-t', 'lo'],
    ['-d', 'lo'],
    ['-t', 'a/b'],
    ['-t', 'a b'],
    ['-t', '..'],
    ['-t', 'bridge0'],
  ],
  'takes another clone device': [
    ['-f', '/dev/net/tun', '-t', 'f0'],
    ['-f', '/nonexistent'],
    ['-f', '/dev/null'],
    ['-f', '/etc/passwd', '-b'],
    ['-f', '/'],
    ['-f', ''],
    ['-d', 'f0', '-f', '/nonexistent'],
  ],
  'says how it is called': [
    ['-h'],
    ['--help'],
    ['-n'],
    ['-p'],
    ['-V'],
    ['-:'],
    ['-bx'],
    ['extra'],
    ['-'],
    ['--', 'extra'],
    ['extra', '-t', 'h0', '-b'],
    ['-b', '-t'],
    ['-d'],
    ['-u'],
    ['-g'],
    ['-f'],
    ['-xu', 'nosuchuser'],
  ],
}

describe('cli: tunctl', function () {
  this.timeout(120_000)
  let lab: Lab
  let hosts: Record<Which, Host>
  before(async function () {
    need(this, 'netns', 'tun', 'tunctl')
    lab = await Lab.create()
    hosts = { tunctl: await lab.host('debian'), 'ethercast tunctl': await lab.host('ours') }
    for (const host of Object.values(hosts)) await host.ip('link', 'add', 'bridge0', 'type', 'bridge')
  })
  after(() => lab?.close())

  const command = (which: Which): [string, ...string[]] =>
    which === 'tunctl' ? ['tunctl'] : [process.execPath, ...nodeArguments(main, ['tunctl'])]

  /** Told by one name. */
  const told = ({ code, signal, stdout, stderr }: Result) => ({
    code,
    signal,
    stdout,
    stderr: stderr.replaceAll('ethercast tunctl', 'tunctl'),
  })

  async function answers(which: Which, steps: Steps, before: readonly string[] = []) {
    const list = []
    for (const args of steps)
      list.push(told(await hosts[which].exec(before[0] ?? command(which)[0], restOf(which, before, args))))
    return { answers: list, devices: await devices(hosts[which]) }
  }
  const restOf = (which: Which, before: readonly string[], args: readonly string[]) =>
    before.length === 0
      ? [...command(which).slice(1), ...args]
      : [...before.slice(1), ...command(which), ...args]

  /** Every tap with its owner, its group and whether it stays; the mode of /dev/net/tun is not of the device. */
  async function devices(host: Host): Promise<string[]> {
    const { stdout } = await host.exec('ip', ['-j', '-d', 'link', 'show'], { check: true })
    const links = JSON.parse(stdout) as {
      ifname: string
      linkinfo?: { info_kind: string; info_data: object }
    }[]
    return links
      .filter(({ linkinfo }) => linkinfo?.info_kind === 'tun')
      .map(({ ifname, linkinfo }) => `${ifname} ${JSON.stringify(linkinfo!.info_data)}`)
      .sort()
  }

  for (const [title, steps] of Object.entries(CASES)) {
    it(title, async () => {
      const [debian, ours] = await Promise.all([answers('tunctl', steps), answers('ethercast tunctl', steps)])
      for (const [at, args] of steps.entries())
        assert.deepEqual(ours.answers[at], debian.answers[at], `tunctl ${args.join(' ')}`)
      assert.deepEqual(ours.devices, debian.devices)
    })
  }

  it('finds what a program has open busy, and cannot make a multi-queue tap its own', async () => {
    const runs = await Promise.all(
      kinds.map(async (which) => {
        const host = hosts[which]
        await host.exec('ip', ['tuntap', 'add', 'dev', 'busy0', 'mode', 'tap'], { check: true })
        await host.exec('ip', ['tuntap', 'add', 'dev', 'many0', 'mode', 'tap', 'multi_queue'], {
          check: true,
        })
        await host.exec('ip', ['tuntap', 'add', 'dev', 'bare0', 'mode', 'tun'], { check: true })
        const holder = host.ethercast(['join', 'tuntap,busy0', '--json'])
        await holder.waitForLine(/"event":"stats"/)
        const result = await answers(which, [
          ['-t', 'busy0'],
          ['-d', 'busy0'],
          ['-d', 'many0'],
          ['-t', 'bare0', '-b'],
        ])
        await holder.kill()
        return result
      }),
    )
    assert.deepEqual(runs[1], runs[0])
    assert.match(runs[0]!.answers[0]!.stderr, /^TUNSETIFF: Device or resource busy\n$/)
    assert.deepEqual(
      runs[0]!.answers.map(({ code }) => code),
      [1, 1, 1, 1],
    )
  })

  it('without privilege: may not make one, may change its own, and finds a clone device closed', async () => {
    const dir = mkdtempSync('/tmp/eclab-tunctl-')
    try {
      writeFileSync(join(dir, 'closed'), '', { mode: 0o000 })
      // Root without any capability: owner of what is root's, and no more. It can read this project wherever it lies.
      const nobody = ['setpriv', '--bounding-set=-all', '--inh-caps=-all']
      const runs = await Promise.all(
        kinds.map(async (which) => {
          await answers(which, [
            ['-u', '0', '-t', 'mine0'],
            ['-u', '1', '-t', 'other0'],
          ])
          const steps: Steps = [
            [],
            ['-t', 'mine0'],
            ['-t', 'other0'],
            ['-d', 'other0'],
            ['-f', join(dir, 'closed')],
          ]
          return answers(which, [...steps, ['-d', 'mine0']], nobody)
        }),
      )
      assert.deepEqual(runs[1], runs[0])
      assert.match(runs[0]!.answers[0]!.stderr, /TUNSETIFF: Operation not permitted/)
      assert.match(runs[0]!.answers[4]!.stderr, /Failed to open .* : Permission denied/)
    } finally {
      rmSync(dir, { recursive: true })
    }
  })

  it('a person at a terminal is told what to do, behind the same words', async () => {
    const line = `'${process.execPath}' '${main}' tunctl -t lo`
    const { code, stdout } = await hosts['ethercast tunctl'].exec('script', ['-qefc', line, '/dev/null'])
    assert.equal(code, 1)
    assert.match(stdout, /^TUNSETIFF: Invalid argument\r\nlo is no tap, has several queues/)
  })

  it('help has it, with its options', async () => {
    const { code, stdout } = await hosts['ethercast tunctl'].exec(process.execPath, [main, 'help', 'tunctl'])
    assert.equal(code, 0)
    assert.match(stdout, /-u USER/)
  })
})
