/** Taps of the command line tool in namespaces: made and removed, kept for others, and used by somebody who is not root. */

import assert from 'node:assert/strict'
import { events } from '../cli/cli.js'
import type { Host } from '../support/host.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import type { Running } from '../support/running.js'
import { eventually } from '../support/wait.js'

/** nobody, who owns nothing. */
const NOBODY = 65534

interface Tap {
  mtu: number
  flags: string[]
  linkinfo: { info_data: { persist: boolean; user?: string; group?: string; vnet_hdr: boolean } }
}

async function tap(host: Host, name: string): Promise<Tap | undefined> {
  const { code, stdout } = await host.exec('ip', ['-j', '-d', 'link', 'show', 'dev', name])
  return code === 0 ? (JSON.parse(stdout) as [Tap])[0] : undefined
}

/**
 * The tool as nobody, with a /dev/net/tun that is open to all, as most systems have it: a private one, in the mounts of this process
 * alone. It may read this checkout wherever that lies, and has no other privilege.
 */
function asNobody(host: Host, ...args: string[]): Running {
  const script = [
    'mount -t tmpfs -o dev,mode=755 none /dev/net && mknod -m 666 /dev/net/tun c 10 200 || exit 99',
    `exec setpriv --reuid ${NOBODY} --regid ${NOBODY} --clear-groups --inh-caps=-all,+dac_read_search ` +
      `--ambient-caps=-all,+dac_read_search --bounding-set=-all,+dac_read_search "$@"`,
  ].join('\n')
  return host.spawn('sh', ['-c', script, 'sh', process.execPath, 'dist/cli/main.js', ...args])
}

describe('tap', function () {
  this.timeout(60_000)
  let lab: Lab

  before(async function () {
    need(this, 'netns', 'tun')
    lab = await Lab.create()
  })
  after(() => lab?.close())

  it('is made, set up, answers over the LAN, and goes with the switch', async () => {
    const host = await lab.host('made')
    const join = host.ethercast(['join', 'tuntap,,,198.18.0.1', 'mcast', '--json'])
    await join.waitForLine(/"ready"/)
    const made = (await tap(host, 'tap0'))!
    assert.ok(made.flags.includes('UP'))
    assert.equal(made.mtu, 1500)
    assert.equal(made.linkinfo.info_data.vnet_hdr, true)
    const ping = await host.ethercast(['ping', 'mcast', '198.18.0.1', '-c', '2', '--json']).result(20_000)
    assert.equal(ping.code, 0, ping.stdout + ping.stderr)
    join.signal('SIGINT')
    await join.exited
    assert.equal(await tap(host, 'tap0'), undefined)
  })

  it('goes with a process that is killed, too', async () => {
    const host = await lab.host('killed')
    const join = host.ethercast(['join', 'tuntap,lan0', '--json'])
    await join.waitForLine(/"ready"/)
    await join.kill('SIGKILL')
    await eventually(async () => (await tap(host, 'lan0')) === undefined || undefined, 5000, 'lan0 to go')
  })

  it('stays with persist=on, for the user and group that are named', async () => {
    const host = await lab.host('stays')
    const spec = `tuntap,tap5,persist=on,owner=${NOBODY},group=${NOBODY}`
    const { code, stderr } = await host.ethercast(['join', spec, '--for', '0.1s']).result(20_000)
    assert.equal(code, 0, stderr)
    const { linkinfo } = (await tap(host, 'tap5'))!
    assert.equal(linkinfo.info_data.persist, true)
    assert.match(String(linkinfo.info_data.user), /nobody|65534/)
    assert.match(String(linkinfo.info_data.group), /nogroup|nobody|65534/)
    const again = await host.ethercast(['join', 'tuntap,tap5', '--for', '0.1s']).result(20_000)
    assert.equal(again.code, 0, again.stderr)
    assert.ok(await tap(host, 'tap5'), 'and a later port does not take it with it')
  })

  it('refuses an owner that there is none of', async () => {
    const host = await lab.host('owner')
    const { code, stderr } = await host
      .ethercast(['join', 'tuntap,tap0,persist=on,owner=no-such-user'])
      .result(20_000)
    assert.notEqual(code, 0)
    assert.match(stderr, /owner no-such-user is no user of this host/)
    assert.equal(await tap(host, 'tap0'), undefined)
  })

  it('two programs share one with several queues, and not one without', async () => {
    const host = await lab.host('queues')
    for (const [name, ...more] of [['tap1'], ['tap2', 'multi_queue']] as const) {
      await host.exec('ip', ['tuntap', 'add', 'dev', name, 'mode', 'tap', ...more], { check: true })
      await host.ip('link', 'set', name, 'up')
      const first = host.ethercast(['join', `tuntap,${name}`, '--json'])
      await first.waitForLine(/"ready"/)
      const second = await host.ethercast(['join', `tuntap,${name}`, '--for', '0.1s']).result(20_000)
      if (more.length > 0) assert.equal(second.code, 0, second.stderr)
      else {
        assert.equal(second.code, 1)
        assert.match(second.stderr, /another program has tap1.*multi_queue/s)
      }
      await first.kill()
    }
  })

  describe('without root', () => {
    it('can not make one, and is told how to have one made; with that it works', async () => {
      const host = await lab.host('nobody')
      const refused = await asNobody(host, 'join', 'tuntap,tap0', 'mcast').result(20_000)
      assert.equal(refused.code, 1, refused.stderr)
      assert.match(refused.stderr, /sudo ip tuntap add dev tap0 mode tap user \$USER/)

      const sick = events(await asNobody(host, 'doctor', 'tuntap,tap0', '--json').result(20_000))
      const remedy = sick.find(({ level, check }) => level === 'problem' && check === 'device')!
        .remedy as string[]
      await host.exec('sh', ['-c', remedy[0]!.replaceAll('sudo ', '')], { check: true })
      await host.ip('addr', 'add', '198.18.0.1/24', 'dev', 'tap0')
      const well = await asNobody(host, 'doctor', 'tuntap,tap0', '--json').result(20_000)
      assert.equal(well.code, 0, well.stdout)

      const join = asNobody(host, 'join', 'tuntap,tap0', 'mcast', '--json')
      await join.waitForLine(/"ready"/)
      const ping = await host.ethercast(['ping', 'mcast', '198.18.0.1', '-c', '2', '--json']).result(20_000)
      assert.equal(ping.code, 0, ping.stdout + ping.stderr)
      await join.kill()
      assert.ok(await tap(host, 'tap0'), 'the tap stays')
    })

    it('works without what takes privilege, and says what was left undone', async () => {
      const host = await lab.host('undone')
      await host.exec('ip', ['tuntap', 'add', 'dev', 'tap0', 'mode', 'tap', 'user', String(NOBODY)], {
        check: true,
      })
      await host.ip('link', 'set', 'tap0', 'up')
      const done = await asNobody(
        host,
        'join',
        'tuntap,tap0,,198.18.0.1,mtu=1400',
        '--for',
        '0.5s',
        '--json',
      ).result(20_000)
      assert.equal(done.code, 0, done.stderr)
      const told = events(done)
        .filter(({ event, reason }) => event === 'port' && reason === 'unprivileged')
        .map(({ message }) => message)
      assert.ok(
        told.some((message) => /sudo ip link set dev tap0 mtu 1400/.test(String(message))),
        String(told),
      )
      assert.ok(
        told.some((message) => /sudo ip addr replace 198\.18\.0\.1\/24 dev tap0/.test(String(message))),
        String(told),
      )
      assert.equal((await tap(host, 'tap0'))!.mtu, 1500)
    })

    it("can not have somebody else's", async () => {
      const host = await lab.host('others')
      await host.exec('ip', ['tuntap', 'add', 'dev', 'tap0', 'mode', 'tap', 'user', '1'], { check: true })
      const refused = await asNobody(host, 'join', 'tuntap,tap0').result(20_000)
      assert.equal(refused.code, 1)
      assert.match(refused.stderr, /tap0 is user 1's/)
    })
  })
})
