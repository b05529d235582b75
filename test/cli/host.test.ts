// `ethercast plan`, `up`, `down` and `status` as people run them, in a namespace of their own.
import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { settledDump } from '../host/settled.js'
import type { Host } from '../support/host.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import type { Result } from '../support/running.js'
import { eventually } from '../support/wait.js'
import { events, theEvent } from './cli.js'

const kFile = `
taps:
  tap0:
    addresses: [198.18.40.254/24]
  tap1: { mtu: 1400 }
forwarding: [ipv4]
guests:
  web: { device: tap0, addresses: [198.18.40.7/24] }
`
/** With inputs for nft and for `ip -batch`. */
const kPasted = `
taps:
  tap0:
    addresses: [198.18.40.254/24]
    mtu: 1500
  tap1: { mtu: 1400 }
bridges:
  br0: { ports: [tap1], addresses: [198.18.41.254/24] }
forwarding: [ipv4]
masquerade: [{ from: 198.18.40.0/24, out: veth0 }]
port_forwards: [{ port: 8080, to: 198.18.40.7, to_port: 80 }]
guests:
  web: { device: tap0, addresses: [198.18.40.7/24] }
`
/** Nobody's: of Debian's `nobody`. */
const kUser = '65534'

describe('ethercast plan, up, down, status', function () {
  this.timeout(60_000)
  let lab: Lab
  let host: Host
  let file: string
  let state: string
  let original: string[]

  const here = () => settledDump(host)
  const run = (...args: string[]): Promise<Result> =>
    host.ethercast([...args, '--state', state], { input: '' }).result(30_000)
  const withFile = (...args: string[]): Promise<Result> => run(...args, '-c', file)
  const asNobody = (...args: string[]): Promise<Result> => {
    const user = ['--reuid', kUser, '--regid', kUser, '--clear-groups']
    return host.exec('setpriv', [...user, process.execPath, 'dist/cli/main.js', ...args])
  }

  before(async function () {
    need(this, 'netns', 'tun', 'nft', 'setpriv')
    lab = await Lab.create()
    host = await lab.host('cli')
    const neighbour = await lab.host('other')
    await lab.link(host, neighbour)
    file = `${lab.dir}/ethercast.yaml`
    chmodSync(lab.dir, 0o755) // the file is for every user to read
    state = `${lab.dir}/state`
    original = await here()
  })

  after(() => lab?.close())

  beforeEach(() => writeFileSync(file, kFile))

  afterEach(async () => {
    const { code, stdout, stderr } = await run('down')
    assert.equal(code, 0, stdout + stderr)
    assert.deepEqual(await here(), original)
    assert.ok(!existsSync(state))
  })

  it('plan shows each step with its commands, then what to type in the guest, and changes nothing', async () => {
    const { code, stdout, stderr } = await withFile('plan')
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^\+ tap0/m)
    assert.match(stdout, /^ {4}ip tuntap add .*tap0/m)
    assert.match(stdout, /^ {4}sysctl -w net\.ipv4\./m)
    assert.match(stdout, /^\d+ to make(, 1 to mend)?\. To do it: ethercast up -c /m)
    assert.match(stdout, /^In the guest web:\n(.*\n)* +ip addr add 198\.18\.40\.7\/24/m)
    assert.ok(!stdout.includes('\u001b'), 'no colours in a pipe')
    assert.deepEqual(await here(), original)
    assert.ok(!existsSync(state))
  })

  it('what plan shows can be pasted into a shell: then nothing is left to do; up counts as plan does', async () => {
    writeFileSync(file, kPasted)
    const plan = await withFile('plan')
    assert.equal(plan.code, 0, plan.stderr)
    const shown = plan.stdout.slice(0, plan.stdout.indexOf('\n\n') + 1)
    assert.match(shown, /<<'END'\n/)
    const pasted = shown.replaceAll(/^[+~-] .*\n/gm, '')
    const typing = await lab.host('typing')
    await lab.link(typing, await lab.host('typed'))
    const typed = await typing.exec('sh', ['-e'], { input: pasted })
    assert.deepEqual([typed.code, typed.stderr], [0, ''], pasted)
    const typingState = ['--state', `${lab.dir}/typing`]
    const statusThere = () =>
      typing.ethercast(['status', '-c', file, ...typingState], { input: '' }).result(30_000)
    // It is all there; one thing of it would not be taken for ours.
    const { stderr } = await statusThere()
    assert.match(
      stderr,
      /^[^\n]* has a table inet ethercast already that this journal knows nothing of[^\n]*\n$/,
    )
    await typing.exec('nft', ['delete', 'table', 'inet', 'ethercast'], { check: true })
    const { stdout } = await statusThere()
    const others = stdout.split('\n').filter((line) => /^(missing|different|leftover)/.test(line))
    assert.match(others.join('\n'), /^missing +nftables: table inet ethercast[^\n]*$/)
    const up = await withFile('up')
    assert.equal(up.code, 0, up.stderr)
    const sum = /^(\d+) to make(?:, (\d+) to mend)?\./m.exec(plan.stdout)!
    const expected = `${sum[1]} made${sum[2] === undefined ? '' : `, ${sum[2]} mended`}.`
    assert.equal(up.stdout.trim().split('\n').at(-1), expected)
  })

  it('plan --json has an object for each', async () => {
    const result = await withFile('plan', '--json')
    const all = events(result)
    const steps = all.filter(({ event }) => event === 'step')
    assert.ok(steps.length > 3)
    for (const { state, title, commands } of steps) {
      assert.match(state as string, /^(make|mend)$/)
      assert.ok((title as string).length > 0 && (commands as string[]).length > 0)
    }
    assert.equal(theEvent(all, 'guest').name, 'web')
    assert.equal(theEvent(all, 'done').takeBack, 0)
  })

  it('up, again, status, down', async () => {
    assert.equal((await withFile('status')).code, 1)
    const first = await withFile('up')
    assert.equal(first.code, 0, first.stderr)
    assert.match(first.stdout, /^\+ tap0.*\n(.*\n)*\d+ made/)
    const made = await here()
    const second = await withFile('up')
    assert.match(second.stdout, /^Nothing to change: (\d+) of \1 are as wished\.\n$/)
    assert.deepEqual(await here(), made)
    assert.match((await withFile('plan')).stdout, /^Nothing to change: /)
    const status = await withFile('status')
    assert.deepEqual([status.code, /^(missing|different|leftover)/m.test(status.stdout)], [0, false])
    rmSync(file)
    const down = await run('down')
    assert.deepEqual([down.code, /^- tap0(.*\n)*All is as it was\.\n$/m.test(down.stdout)], [0, true])
    assert.match((await run('down')).stdout, /^Nothing is up\.\n$/)
  })

  it('status tells what is missing, different, left over, and not ours; up mends it', async () => {
    await withFile('up')
    await host.ip('addr', 'del', '198.18.40.254/24', 'dev', 'tap0')
    await host.ip('link', 'set', 'tap1', 'mtu', '1300')
    writeFileSync(file, kFile.replace(/^forwarding.*\n/m, ''))
    const { code, stdout } = await withFile('status')
    assert.equal(code, 1)
    assert.match(stdout, /^missing +.*198\.18\.40\.254\/24/m)
    assert.match(stdout, /^different +.*mtu/im)
    assert.match(stdout, /^leftover +/m)
    const all = events(await withFile('status', '--json'))
    assert.deepEqual(
      all.filter(({ event }) => event === 'wish').some((wish) => wish.state === 'leftover' && wish.ours),
      true,
    )
    const up = await withFile('up')
    assert.equal(up.code, 0, up.stderr)
    assert.match(up.stdout, /^- .*\n(.*\n)*\+ .*198\.18\.40\.254/m)
    assert.equal((await withFile('status')).code, 0)
  })

  it('what the file wishes for and can not be had: file, line and column, exit code 2, nothing touched', async () => {
    writeFileSync(file, 'taps:\n  tap0:\n    mtu: 12\n    adresses: []\n')
    for (const command of ['plan', 'up', 'status']) {
      const { code, stderr, stdout } = await withFile(command)
      assert.deepEqual([code, stdout], [2, ''])
      assert.match(stderr, /ethercast\.yaml:3:\d+: .*\n.*ethercast\.yaml:4:\d+: .*addresses/)
    }
    writeFileSync(file, 'taps:\n  tap0:\n    addresses:\n      - 198.18.9.1/24\n')
    for (const command of ['plan', 'up']) {
      const { code, stderr } = await withFile(command)
      assert.equal(code, 2)
      assert.match(stderr, /ethercast\.yaml:4:\d+: .*198\.18\.9\.1.*veth0/)
    }
    const problem = theEvent(events(await withFile('plan', '--json')), 'problem')
    assert.equal(problem.line, 4)
    assert.deepEqual(await here(), original)
    writeFileSync(file, 'taps:\n  tap0:\n    addresses: [198.18.9.2/32]\n')
    const taken = await withFile('plan')
    assert.equal(taken.code, 2)
    assert.match(taken.stderr, /ethercast\.yaml:3:\d+: .*198\.18\.9\.2/)
    const none = await run('plan', '-c', `${file}.not`)
    assert.equal(none.code, 2)
    assert.match(none.stderr, /there is no such file/)
  })

  it('without root: plan and status work, up says what it needs and touches nothing', async () => {
    const plan = await asNobody('plan', '-c', file)
    assert.equal(plan.code, 0, plan.stderr)
    assert.match(plan.stdout, /^\+ tap0/m)
    assert.equal((await asNobody('status', '-c', file)).code, 1)
    const up = await asNobody('up', '-c', file, '--state', state)
    assert.equal(up.code, 1)
    assert.match(
      up.stderr,
      /root, or CAP_NET_ADMIN.*Nothing was touched\.\n.*sudo ethercast up -c .*\n.*ethercast plan/s,
    )
    assert.deepEqual(await here(), original)
  })

  it('without root: the journal of root is not known, and plan says so', async () => {
    await withFile('up')
    const plan = await asNobody('plan', '-c', file, '--state', state)
    assert.equal(plan.code, 0, plan.stderr)
    assert.match(plan.stderr, /note: .*state can't be read \(EACCES\)/)
    assert.match((await asNobody('down', '--state', state)).stderr, /as root/)
  })

  it("another owner of a tap of ours: plan says who loses it, up makes it anew; a stranger's: where in the file", async () => {
    const owned = (owner: number): string => kFile.replace('tap0:\n', `tap0:\n    owner: ${owner}\n`)
    writeFileSync(file, owned(1000))
    assert.equal((await withFile('up')).code, 0)
    writeFileSync(file, owned(1001))
    const plan = await withFile('plan')
    assert.equal(plan.code, 0, plan.stderr)
    assert.match(plan.stderr, /note: tap0 is made anew.*a guest that has it open loses it/)
    const up = await withFile('up')
    assert.equal(up.code, 0, up.stderr)
    const sum = (text: string) => [
      ...text
        .trim()
        .split('\n')
        .find((line) => /^\d+ /.test(line))!
        .matchAll(/\d+/g),
    ]
    assert.deepEqual(sum(up.stdout).join(), sum(plan.stdout).slice(0, sum(up.stdout).length).join())
    assert.match(await host.ip('-d', 'link', 'show', 'tap0'), / user 1001 /)
    assert.equal((await withFile('status')).code, 0)
    assert.equal((await run('down')).code, 0)
    await host.ip('tuntap', 'add', 'dev', 'br0', 'mode', 'tap')
    writeFileSync(file, 'taps: {}\nslip:\n  br0: { host: 198.18.42.1, guest: 198.18.42.2 }\n')
    const strange = await withFile('plan')
    await host.ip('link', 'del', 'br0')
    assert.equal(strange.code, 2)
    assert.match(strange.stderr, /ethercast\.yaml:3:\d+: /)
  })

  it('a later run that fails: what the first one made is there again, its route with its address', async () => {
    const file254 = `taps:\n  tap0: { addresses: [198.18.40.254/32] }\nguests:\n  web: { device: tap0, addresses: [198.18.41.7/32] }\n`
    writeFileSync(file, file254)
    assert.equal((await withFile('up')).code, 0)
    await host.ip('link', 'set', 'tap0', 'mtu', '1300')
    const made = await here()
    writeFileSync(
      file,
      `${file254.replace('254/32', '253/32')}forwarding: [ipv4]\nproxy_arp: [{ address: 198.18.9.77, device: veth0 }]\n`,
    )
    const { options } = fakeIp(
      'case "$*" in *neigh*add*) echo "RTNETLINK answers: No buffer space" >&2; exit 2;; esac',
    )
    const failed = await host
      .ethercast(['up', '-c', file, '--state', state], { ...options, input: '' })
      .result(30_000)
    assert.equal(failed.code, 1)
    assert.match(failed.stderr, /All that this run did was taken back\./)
    assert.deepEqual(await here(), made)
    writeFileSync(file, file254)
    const { code, stdout } = await withFile('status')
    assert.equal(code, 0, stdout)
  })

  it('a step that fails: which, the command, all taken back, exit code 1', async () => {
    const { options } = fakeIp(
      'case "$*" in *tap1*mtu*|*mtu*tap1*) echo "RTNETLINK answers: No buffer space" >&2; exit 2;; esac',
    )
    const up = await host
      .ethercast(['up', '-c', file, '--state', state], { ...options, input: '' })
      .result(30_000)
    assert.equal(up.code, 1)
    assert.match(up.stderr, /tap1.*: ip link set .*No buffer space\nAll that this run did was taken back\./)
    assert.deepEqual(await here(), original)
    const json = await host
      .ethercast(['up', '-c', file, '--state', state, '--json'], { ...options, input: '' })
      .result(30_000)
    const failed = theEvent(events(json), 'failed')
    assert.deepEqual([failed.left, (failed.undone as number) > 0], [[], true])
  })

  /** `ip` that does something of its own before it is itself. */
  function fakeIp(script: string) {
    const folder = `${lab.dir}/programs`
    mkdirSync(folder, { recursive: true })
    const real = ['/usr/sbin/ip', '/sbin/ip', '/usr/bin/ip', '/bin/ip'].find(existsSync)!
    writeFileSync(`${folder}/ip`, `#!/bin/sh\n${script}\nexec ${real} "$@"\n`, { mode: 0o755 })
    return { options: { env: { PATH: `${folder}:${process.env.PATH}` } } }
  }

  /** An `up` that stays within a step until it may go on. */
  async function heldUp() {
    const [reached, go] = [`${lab.dir}/reached`, `${lab.dir}/go`]
    rmSync(reached, { force: true })
    rmSync(go, { force: true })
    const { options } = fakeIp(
      `case "$*" in *tuntap*add*tap1*|*tap1*tuntap*) : >${reached}; while [ ! -e ${go} ]; do sleep 0.02; done;; esac`,
    )
    const running = host.ethercast(['up', '-c', file, '--state', state], options)
    await eventually(() => existsSync(reached), 20_000, 'the step')
    return { running, go: () => writeFileSync(go, '') }
  }

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`${signal} in a step: it is finished, and all is taken back`, async () => {
      const { running, go } = await heldUp()
      process.kill(pidOf('up'), signal)
      go()
      const { code, stderr } = await running.result(30_000)
      assert.equal(code, 1)
      assert.match(stderr, /interrupted\nAll that this run did was taken back\./)
      assert.deepEqual(await here(), original)
    })
  }

  /** The process that has the journal. */
  function pidOf(what: string): number {
    const claim = readdirSync(state).map((name) => /^lock-(\d+)-/.exec(name)?.[1])
    const pid = Number(claim.find((each) => each !== undefined))
    assert.ok(readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(what))
    return pid
  }

  it('two at once: the second says who is at it, and touches nothing', async () => {
    const { running, go } = await heldUp()
    const held = pidOf('up')
    for (const command of ['up', 'down']) {
      const { code, stderr } = await (command === 'up' ? withFile('up') : run('down'))
      assert.equal(code, 1)
      assert.match(stderr, new RegExp(`another ethercast \\(process ${held}\\)`))
    }
    go()
    assert.equal((await running.result(30_000)).code, 0)
  })

  it('two started together: all is set up, and no harm done', async () => {
    const both = await Promise.all([withFile('up'), withFile('up')])
    assert.ok(both.some(({ code }) => code === 0))
    for (const { code, stderr } of both) if (code !== 0) assert.match(stderr, /another ethercast/)
    assert.equal((await withFile('status')).code, 0)
  })

  it('the journal of an earlier boot: nothing is up', async () => {
    await withFile('up')
    const journal = `${state}/journal`
    const text = readFileSync(journal, 'utf8')
    writeFileSync(journal, text.replace(/"boot":"[^"]+"/, '"boot":"00000000-0000-0000-0000-000000000000"'))
    const down = await run('down')
    assert.equal(down.code, 0)
    assert.match(down.stderr, /of an earlier boot/)
    mkdirSync(state, { mode: 0o700, recursive: true })
    writeFileSync(journal, text, { mode: 0o600 })
    assert.equal((await run('down')).code, 0)
  })

  it('a broken journal: named, and nothing done', async () => {
    mkdirSync(state, { mode: 0o700 })
    writeFileSync(`${state}/journal`, 'something else\n', { mode: 0o600 })
    for (const args of [['down'], ['up', '-c', file], ['plan', '-c', file]]) {
      const { code, stderr } = await run(...args)
      assert.equal(code, 1)
      assert.match(stderr, /state\/journal:1: .*nothing was done/)
    }
    assert.deepEqual(await here(), original)
    rmSync(state, { recursive: true })
  })

  it('wrong usage: exit code 2', async () => {
    const { code, stderr } = await withFile('up', '--keep')
    assert.equal(code, 2)
    assert.match(stderr, /--keep goes with --foreground/)
  })
})
