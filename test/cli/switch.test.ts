/** `ethercast switch` beside Debian's `uml_switch`: the same arguments, the same lines, the same endings. */

import assert from 'node:assert/strict'
import { existsSync, lstatSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '../support/child.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import { Running, type StartOptions } from '../support/running.js'
import { eventually } from '../support/wait.js'

const main = join(projectRoot, 'dist/cli/main.js')
type Which = 'uml_switch' | 'ethercast switch'
/** Both, told by one name; uml_switch writes its lines when they are complete only if it is told to. */
const commandOf = (which: Which): [string, ...string[]] =>
  which === 'uml_switch' ? ['stdbuf', '-oL', 'uml_switch'] : [process.execPath, main, 'switch']

const USAGE =
  /^Usage : (uml_switch|ethercast switch) \[ -unix control-socket \] \[ -hub \] \[ -tap tap-device \]/

describe('cli: switch', function () {
  this.timeout(60_000)
  let dir: string
  const running = new Set<Running>()
  beforeEach(() => void (dir = mkdtempSync('/tmp/eclab-switch-')))
  afterEach(async () => {
    await Promise.all([...running].map((each) => each.kill('SIGKILL')))
    running.clear()
    rmSync(dir, { recursive: true, force: true })
  })

  function start(which: Which, args: readonly string[], options: StartOptions = {}): Running {
    const [command, ...before] = commandOf(which)
    const child = new Running(command, [...before, ...args], { cwd: dir, ...options })
    running.add(child)
    return child
  }
  /** On a terminal of its own. */
  function startOnTerminal(which: Which, args: readonly string[]): Running {
    const line = [...commandOf(which), ...args].map((word) => `'${word}'`).join(' ')
    const child = new Running('script', ['-qefc', line, '/dev/null'], { cwd: dir })
    running.add(child)
    return child
  }
  const attached = /attached to unix socket/
  const isSocket = (name: string) => existsSync(join(dir, name)) && lstatSync(join(dir, name)).isSocket()

  for (const which of ['uml_switch', 'ethercast switch'] as const) {
    describe(which, () => {
      before(function () {
        if (which === 'uml_switch') need(this, 'uml_switch')
      })

      for (const args of [['-help'], ['--help'], ['-V'], ['foo'], ['-unix'], ['-tap']]) {
        it(`does not understand ${args.join(' ')}: says how it is called, exit code 1`, async () => {
          const { code, stdout, stderr } = await start(which, args, { input: '' }).result()
          assert.equal(code, 1)
          assert.equal(stdout, '')
          assert.match(stderr, USAGE)
        })
      }

      it('says where it listens, in the same octets, and leaves the socket to the umask', async () => {
        const child = start(which, ['-unix', 'a.ctl'])
        await child.waitForLine(attached)
        assert.equal(child.stdout, "uml_switch attached to unix socket 'a.ctl'\n")
        assert.equal(lstatSync(join(dir, 'a.ctl')).mode & 0o777, 0o777 & ~process.umask())
      })

      it('says that it is a hub', async () => {
        const child = start(which, ['-hub', '-unix', 'b.ctl'])
        await child.waitForLine(attached)
        const lines =
          "uml_switch will be a hub instead of a switch\numl_switch attached to unix socket 'b.ctl'\n"
        assert.equal(child.stdout, lines)
      })

      it('listens at /tmp/uml.ctl unless told otherwise, with a tap if one is named', async function () {
        need(this, 'netns', 'tun')
        await using lab = await Lab.create()
        const host = await lab.host('switch')
        await host.tap('tap7')
        // A /tmp of its own, which may hide where this project is, and the addon that the tests were told to take.
        const moved = (path: string) => `'${path.replace(projectRoot, '/mnt/')}'`
        const { ETHERCAST_PREBUILD: prebuild } = process.env
        const command = [
          ...(prebuild === undefined ? [] : ['env', `ETHERCAST_PREBUILD=${moved(prebuild)}`]),
          ...commandOf(which).map(moved),
        ]
        const inside = `mount --bind '${projectRoot}' /mnt && mount -t tmpfs none /tmp && exec ${command.join(' ')} -tap tap7`
        const child = host.spawn('unshare', ['--mount', 'sh', '-c', inside])
        await child.waitForLine(attached, 20_000)
        const first = child.stdout.split('\n')[0]
        assert.equal(first, "uml_switch attached to unix socket '/tmp/uml.ctl' tap device 'tap7'")
      })

      it('ignores what is typed on a terminal, and ends with its end', async () => {
        const child = startOnTerminal(which, ['-unix', 'c.ctl'])
        await child.waitForLine(attached)
        child.write('help\n')
        await child.waitForLine(/^help/)
        assert.equal(child.exit, undefined)
        assert.ok(isSocket('c.ctl'))
        child.write('\x04')
        const { code, stdout } = await child.result()
        assert.equal(code, 0, stdout)
        assert.match(stdout, /EOF on stdin, cleaning up and exiting\r\n$/)
        assert.ok(!existsSync(join(dir, 'c.ctl')))
      })

      it('does not look at a stdin that is no terminal', async () => {
        const child = start(which, ['-unix', 'd.ctl'], { input: 'quit\n' })
        await child.waitForLine(attached)
        assert.ok(isSocket('d.ctl'))
        child.signal('SIGINT')
        await child.exited
        assert.match(child.stdout, /^Caught signal 2, cleaning up and exiting$/m)
        assert.ok(!existsSync(join(dir, 'd.ctl')))
      })

      it('replaces a socket that a crash left, and leaves one that is in use', async () => {
        const first = start(which, ['-unix', 'e.ctl'])
        await first.waitForLine(attached)
        const second = await start(which, ['-unix', 'e.ctl']).result()
        assert.equal(second.code, 1)
        assert.equal(second.stdout, '')
        assert.match(second.stderr, /^The control socket 'e\.ctl' has another server attached to it$/m)
        await first.kill('SIGKILL')
        assert.ok(isSocket('e.ctl'))
        const third = start(which, ['-unix', 'e.ctl'])
        await third.waitForLine(attached)
      })

      it('goes to the background with -daemon once it listens', async () => {
        const parent = start(which, ['-daemon', '-unix', join(dir, 'f.ctl')], { input: '' })
        await parent.waitForLine(attached)
        assert.equal((await parent.exited).code, 0)
        assert.ok(isSocket('f.ctl'))
        const pid = await pidOf(join(dir, 'f.ctl'))
        const child = start('ethercast switch', ['-unix', 'f.ctl'], { input: '' })
        assert.equal((await child.result()).code, 1, 'somebody is there')
        process.kill(pid, 'SIGINT')
        await eventually(() => !isSocket('f.ctl'), 5000, 'the socket to be gone')
      })
    })
  }

  it('ends by SIGINT and SIGTERM with exit code 0 and without its socket, which uml_switch leaves at SIGTERM', async () => {
    for (const [signal, number] of [
      ['SIGINT', 2],
      ['SIGTERM', 15],
    ] as const) {
      const child = start('ethercast switch', ['-unix', 'g.ctl'])
      await child.waitForLine(attached)
      child.signal(signal)
      const { code, stdout } = await child.result()
      assert.equal(code, 0)
      assert.match(stdout, new RegExp(`\nCaught signal ${number}, cleaning up and exiting\n$`))
      assert.ok(!existsSync(join(dir, 'g.ctl')))
    }
  })

  it('leaves alone what is no socket, which uml_switch removes, and says what stops it', async () => {
    writeFileSync(join(dir, 'precious'), 'data')
    for (const [args, message] of [
      [['-unix', 'precious'], /something that is no socket is there, and it stays/],
      [['-unix', 'none/x.ctl'], /there is no folder none/],
      [['-unix', 'p'.repeat(110)], /too long/],
      [['-unix', 'h.ctl', '-tap', 'no/tap'], /device/],
      [['-compat-v0'], /-compat-v0 is not here/],
    ] as const) {
      const { code, stdout, stderr } = await start('ethercast switch', args, { input: '' }).result()
      assert.equal(code, 1)
      assert.equal(stdout, '')
      assert.match(stderr, message)
    }
    assert.ok(lstatSync(join(dir, 'precious')).isFile())
    assert.ok(!existsSync(join(dir, 'h.ctl')), 'nothing is left of a start that failed')
  })
})

/** The process that listens at a path. */
async function pidOf(path: string): Promise<number> {
  const { stdout } = await new Running('ss', ['-xlpH', 'src', path], { input: '' }).result()
  const pid = /pid=(\d+)/.exec(stdout)?.[1]
  assert.ok(pid !== undefined, `who listens at ${path}: ${stdout}`)
  return Number(pid)
}
