/** What starts ethercast at boot: the systemd unit, with no more rights than it names; the init script, in two shells. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { manualPages } from '../../scripts/man/pages.js'
import { childEnv } from '../../scripts/command.mjs'
import { projectRoot } from '../support/child.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import type { Result, Running } from '../support/running.js'
import { kRichConfig, RichHost } from './rich.js'

const UNIT = join(projectRoot, 'packaging/ethercast.service')
const SCRIPT = join(projectRoot, 'packaging/ethercast.init')
/** systemd's own scale, in tenths: 0 is locked away, 100 may do anything. Most services of Debian have over 90. */
const MOST_EXPOSURE = '40'
/** A rich file takes a second or two, more on a busy machine. */
const START_MS = 60_000

/** What the unit says of a key, all its lines together. */
function setting(key: string): string[] {
  const lines = readFileSync(UNIT, 'utf8').split('\n')
  return lines.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1))
}

const capabilities = () => setting('CapabilityBoundingSet').join(' ').split(' ')

/** Arguments of setpriv(1) for a process that can never have more than these. */
const only = (caps: readonly string[]) => [
  '--no-new-privs',
  '--inh-caps=-all',
  `--bounding-set=${['-all', ...caps.map((name) => `+${name.replace('CAP_', '').toLowerCase()}`)].join(',')}`,
]

/** The guest that shares the host's address has IPv4 alone: it has no address of the other family to send to. */
const kConfig = `${kRichConfig.replace(', 2001:db8:9::77', '')}
switches:
  lan: { ports: ['mcast,,,,,interface=lo', 'tuntap,tap1', 'pcap,veth0'] }
`

/** A rich host, its file, and commands in it that see a tun device of their own. */
class BootHost {
  readonly config: string
  readonly bin: string

  private constructor(
    readonly rich: RichHost,
    readonly name: string,
  ) {
    const { dir } = rich.host
    this.config = join(dir, `${name}.yaml`)
    this.bin = join(dir, `${name}-bin`)
    writeFileSync(this.config, kConfig)
    mkdirSync(this.bin)
    const program = join(this.bin, 'ethercast')
    writeFileSync(program, `#!/bin/sh\nexec ${process.execPath} ${projectRoot}/dist/cli/main.js "$@"\n`)
    chmodSync(program, 0o755)
  }

  static async create(lab: Lab, name: string): Promise<BootHost> {
    return new BootHost(await RichHost.create(lab, name), name)
  }

  /** Options of `ethercast status`. */
  get files(): string[] {
    return ['-c', this.config, '--state', this.rich.state]
  }

  #inside(command: readonly string[]): string[] {
    const tun = join(this.rich.host.dir, `${this.name}-tun`)
    return ['--mount', 'sh', '-c', 'mount --bind "$0" /dev/net/tun && exec "$@"', tun, ...command]
  }

  exec(...command: string[]): Promise<Result> {
    return this.rich.host.exec('unshare', this.#inside(command), { timeoutMs: 2 * START_MS })
  }

  spawn(...command: string[]): Running {
    return this.rich.host.spawn('unshare', this.#inside(command))
  }

  /** The unit's command, with the paths of this host in place of the real ones. */
  command(key: 'ExecStart' | 'ExecStopPost', caps: readonly string[] = capabilities()): string[] {
    const [program, ...args] = setting(key)[0]!.split(' ')
    assert.equal(program, 'ethercast')
    const here = args.map((word) => (word === '/etc/ethercast/ethercast.yaml' ? this.config : word))
    return ['setpriv', ...only(caps), '--', join(this.bin, program), ...here, '--state', this.rich.state]
  }
}

describe('at boot', function () {
  this.timeout(4 * START_MS)
  let lab: Lab

  before(async function () {
    need(this, 'netns', 'tun', 'setpriv', 'nft')
    lab = await Lab.create()
  })
  after(() => lab?.close())

  describe('the systemd unit', () => {
    it('has nothing that systemd-analyze complains of, its manual pages included', async function () {
      need(this, 'systemd-analyze', 'man')
      const folder = join(lab.dir, 'unit')
      for (const [file, text] of await manualPages('2026-01-31')) {
        const section = join(folder, 'man', `man${file.at(-1)}`)
        mkdirSync(section, { recursive: true })
        writeFileSync(join(section, file), text)
      }
      // It looks for the program where systemd does: here it stands in another place.
      const program = join(folder, 'ethercast')
      writeFileSync(program, '#!/bin/sh\n', { mode: 0o755 })
      const path = join(folder, 'ethercast.service')
      writeFileSync(path, readFileSync(UNIT, 'utf8').replaceAll('=ethercast ', `=${program} `))
      const run = spawnSync('systemd-analyze', ['verify', path], {
        encoding: 'utf8',
        env: childEnv({ MANPATH: join(folder, 'man') }),
      })
      assert.equal(run.stdout + run.stderr, '')
      assert.equal(run.status, 0)
    })

    it('is exposed little', function () {
      need(this, 'systemd-analyze')
      const args = ['security', '--offline=yes', `--threshold=${MOST_EXPOSURE}`, UNIT]
      const { status, stdout } = spawnSync('systemd-analyze', args, { encoding: 'utf8', env: childEnv() })
      assert.equal(status, 0, stdout)
      assert.match(stdout, /exposure level for ethercast\.service: [\d.]+ OK/)
    })

    it('its rights are enough for up, the switches, and down; also after kill -9', async () => {
      const host = await BootHost.create(lab, 'rights')
      const before = await host.rich.dump()
      for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
        const up = host.spawn(...host.command('ExecStart'))
        await up.waitForLine(/^ready$/, START_MS)
        const status = await host.exec(join(host.bin, 'ethercast'), 'status', ...host.files)
        assert.equal(status.code, 0, status.stdout + status.stderr)
        process.kill(up.pid, signal)
        const { code } = await up.exited
        assert.equal(code, signal === 'SIGTERM' ? 0 : null)
        const down = await host.exec(...host.command('ExecStopPost'))
        assert.equal(down.code, 0, down.stderr)
        assert.match(down.stdout, signal === 'SIGTERM' ? /Nothing is up/ : /All is as it was/)
        assert.deepEqual(await host.rich.dump(), before)
      }
    })

    it('and none of them is too much', async () => {
      const host = await BootHost.create(lab, 'less')
      const before = await host.rich.dump()
      for (const left of capabilities()) {
        const caps = capabilities().filter((name) => name !== left)
        const { code, stderr } = await host.exec(...host.command('ExecStart', caps))
        assert.equal(code, 1, `without ${left}: ${stderr}`)
        assert.match(stderr, new RegExp(left), 'it says which is missing')
      }
      assert.deepEqual(await host.rich.dump(), before)
    })

    it('a file that is wrong ends it with the code that is not tried again', async () => {
      const host = await BootHost.create(lab, 'wrong')
      writeFileSync(host.config, 'tabs: {}\n')
      const { code, stderr } = await host.exec(...host.command('ExecStart'))
      assert.equal(code, Number(setting('RestartPreventExitStatus')[0]))
      assert.match(stderr, /tabs/)
    })
  })

  describe('the init script', () => {
    it('shellcheck has nothing to say', function () {
      need(this, 'shellcheck')
      const { status, stdout } = spawnSync('shellcheck', [SCRIPT], { encoding: 'utf8', env: childEnv() })
      assert.equal(stdout, '')
      assert.equal(status, 0)
    })

    it('says what init systems want to know', () => {
      const text = readFileSync(SCRIPT, 'utf8')
      const header = /^### BEGIN INIT INFO\n([^]*?)### END INIT INFO$/m.exec(text)?.[1] ?? ''
      for (const key of [
        'Provides',
        'Required-Start',
        'Required-Stop',
        'Default-Start',
        'Default-Stop',
        'Short-Description',
      ])
        assert.match(header, new RegExp(`^# ${key}: +\\S`, 'm'))
    })

    for (const [name, shell] of [
      ['dash', ['dash']],
      ['busybox', ['busybox', 'sh']],
    ] as const) {
      it(`start, status, stop and all the rest, with ${name}`, async function () {
        need(this, name)
        const host = await BootHost.create(lab, `init${name}`)
        const at = (file: string) => join(lab.dir, `${name}.${file}`)
        const configure = (changes: object = {}) => {
          const values = {
            CONFIG: host.config,
            STATE: host.rich.state,
            PIDFILE: at('pid'),
            OUTPUT: at('out'),
            LOG: at('log'),
            PATH: `${host.bin}:${process.env.PATH}`,
            ...changes,
          }
          writeFileSync(
            at('defaults'),
            Object.entries(values)
              .map(([key, value]) => `${key}=${value}\n`)
              .join(''),
          )
        }
        const script = at('init')
        writeFileSync(
          script,
          readFileSync(SCRIPT, 'utf8').replaceAll('/etc/default/ethercast', at('defaults')),
        )
        const action = async (word: string, expected: number, said: RegExp) => {
          const { code, stdout, stderr } = await host.exec(...shell, script, word)
          assert.match(stdout + stderr, said, word)
          assert.equal(code, expected, `${word}: ${stdout}${stderr}`)
        }
        const pid = () => Number(readFileSync(at('pid'), 'utf8'))
        const before = await host.rich.dump()
        configure()
        await action('dance', 2, /Usage: /)
        await action('status', 3, /does not run/)
        await action('try-restart', 0, /^$/)
        await action('start', 0, /up \(process \d+\)/)
        await action('status', 0, /runs/)
        assert.match(await host.rich.host.ip('link', 'show', 'br0'), /\bUP\b/)
        const first = pid()
        await action('start', 0, /runs already/)
        assert.equal(pid(), first)
        if (name === 'busybox') {
          await action('stop', 0, /down/)
          await action('status', 3, /does not run/)
          return
        }
        await action('reload', 3, /use restart/)
        await action('restart', 0, /down[^]*up/)
        assert.notEqual(pid(), first)
        process.kill(pid(), 'SIGKILL')
        await action('status', 1, /is dead/)
        await action('start', 0, /up/)
        await action('try-restart', 0, /down[^]*up/)
        process.kill(pid(), 'SIGKILL')
        await action('stop', 0, /down/)
        await action('status', 3, /does not run/)
        assert.deepEqual(await host.rich.dump(), before)

        // A number that is another process's by now is left alone.
        writeFileSync(at('pid'), `${process.pid}\n`)
        await action('status', 1, /is dead/)
        await action('stop', 0, /down/)

        configure({ CONFIG: at('nowhere') })
        await action('start', 6, /there is no /)
        writeFileSync(at('wrong'), 'tabs: {}\n')
        configure({ CONFIG: at('wrong') })
        await action('start', 6, /tabs[^]*can't be made so/)
        configure({ PATH: '/usr/sbin:/usr/bin:/sbin:/bin' })
        await action('start', 5, /no ethercast on the PATH/)
        assert.deepEqual(await host.rich.dump(), before)
        await action('status', 3, /does not run/)
      })
    }

    it('somebody else than root is told so', async function () {
      need(this, 'dash')
      const host = await BootHost.create(lab, 'user')
      const script = join(lab.dir, 'user.init')
      const defaults = join(lab.dir, 'user.defaults')
      writeFileSync(defaults, `CONFIG=${host.config}\nPATH=${host.bin}:${process.env.PATH}\n`)
      writeFileSync(script, readFileSync(SCRIPT, 'utf8').replaceAll('/etc/default/ethercast', defaults))
      chmodSync(lab.dir, 0o755)
      const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--']
      for (const word of ['start', 'stop']) {
        const { code, stderr } = await host.exec(...nobody, 'dash', script, word)
        assert.equal(code, 4, stderr)
      }
    })
  })
})
