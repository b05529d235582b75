// `ethercast helper` against the real program, in a namespace with a /etc and a /dev/net/tun of the test's own.
import assert from 'node:assert/strict'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { searchPath } from '../../scripts/command.mjs'
import type { Finding } from '../../lib/doctor/index.js'
import type { Host } from '../support/host.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import type { Result } from '../support/running.js'
import { Unprivileged } from '../support/unprivileged.js'
import { events, theEvent } from './cli.js'

const kRule = 'allow user alice device tap* guest 198.18.9.64/28 gate 198.18.9.254'
/** What `dir` below is for the commands. */
const kBin = Unprivileged.bin

describe('ethercast helper', function () {
  this.timeout(60_000)
  let lab: Lab
  let host: Host
  let alice: Unprivileged
  let dir: string
  let program: string

  /** As root, or as somebody else, with the installed program first on the PATH. */
  function run(args: readonly string[], through = alice.asRoot()): Promise<Result> {
    return alice.ethercast(host, ['helper', ...args], ['env', `PATH=${kBin}:${searchPath()}`, ...through])
  }
  const install = () => run(['install', '--dir', kBin, '--json'])
  /** What stands in the way of alice, by a pattern; undefined: nothing. */
  async function problems(through?: string[]): Promise<string[]> {
    const result = await run(['check', '--json', ...(through ? [] : ['--user', 'alice'])], through)
    const found = events(result).filter(({ event }) => event === 'finding') as unknown as Finding[]
    const texts = found.filter(({ level }) => level === 'problem').map(({ what }) => what)
    for (const { what } of found) assert.doesNotMatch(what, /is not ours/)
    assert.equal(result.code, texts.length > 0 ? 1 : 0, result.stderr)
    for (const { level, remedy } of found) assert.ok(level === 'ok' || remedy?.length, 'each has a remedy')
    return texts
  }

  beforeEach(async function () {
    need(this, 'netns', 'tun', 'setpriv')
    lab = await Lab.create()
    host = await lab.host('a')
    alice = await Unprivileged.create(lab.dir)
    dir = alice.bin
    program = join(dir, 'uml_net')
  })
  afterEach(() => lab?.close())

  it("install: root's, 0755, with cap_net_admin, and an example of a policy that allows nothing; again changes nothing", async () => {
    const first = await install()
    assert.deepEqual(theEvent(events(first), 'done'), {
      event: 'done',
      path: join(kBin, 'uml_net'),
      wrotePolicy: true,
    })
    const { uid, gid, mode } = statSync(program)
    assert.deepEqual([uid, gid, mode & 0o7777], [0, 0, 0o755])
    assert.deepEqual(readdirSync(dir), ['uml_net'])
    assert.deepEqual(
      [statSync(alice.policyFile).mode & 0o777, statSync(join(alice.etc, 'ethercast')).mode & 0o777],
      [0o644, 0o755],
    )
    const { code, stdout } = await run(['policy'])
    assert.equal(code, 0)
    assert.match(stdout, /^\/etc\/ethercast\/helper\.policy: 0 rules; what none allows is refused$/m)
    // Its examples are lines that could stand there.
    const example = readFileSync(alice.policyFile, 'utf8')
    const shown = join(lab.dir, 'shown')
    writeFileSync(shown, example.replace(/^#allow/gm, 'allow'))
    assert.match((await run(['policy', 'check', shown])).stdout, /shown: 2 rules/)

    alice.writePolicy(`${kRule}\n`)
    const again = await install()
    assert.equal(theEvent(events(again), 'done').wrotePolicy, false)
    assert.equal(readFileSync(alice.policyFile, 'utf8'), `${kRule}\n`)
    assert.deepEqual(await problems(), [])
    assert.deepEqual(await problems(alice.through()), [])
  })

  it('--group: only its members may run it', async () => {
    const { code, stderr } = await run(['install', '--dir', kBin, '--group', 'umltun'])
    assert.equal(code, 0, stderr)
    const { gid, mode } = statSync(program)
    assert.deepEqual([gid, mode & 0o7777], [Unprivileged.tunGid, 0o750])
    const none = await run(['install', '--dir', kBin, '--group', 'no-such-group'])
    assert.equal(none.code, 2)
    assert.match(none.stderr, /there is no group no-such-group: sudo groupadd/)
  })

  it('another program of that name is kept, and is back with uninstall as it was', async () => {
    writeFileSync(program, '#!/bin/sh\n')
    chownSync(program, 0, 7)
    chmodSync(program, 0o4750)
    const kept = `${program}.before-ethercast`
    const done = theEvent(events(await install()), 'done')
    assert.deepEqual([done.kept, done.keptMode], [join(kBin, 'uml_net.before-ethercast'), '4750'])
    assert.equal(readFileSync(kept, 'utf8'), '#!/bin/sh\n')
    // It would give everybody in its group what the policy does not.
    assert.equal(statSync(kept).mode & 0o7777, 0o750)
    // A second time it is ours that is replaced; bits that somebody gave it again are told of by check, and taken off.
    chmodSync(kept, 0o4750)
    assert.match((await run(['check'])).stdout, /before-ethercast is another uml_net, setuid root/)
    assert.equal((await install()).code, 0)
    assert.equal(statSync(kept).mode & 0o7777, 0o750)
    assert.equal(readFileSync(kept, 'utf8'), '#!/bin/sh\n')
    const { code, stdout } = await run(['uninstall', '--dir', kBin])
    assert.equal(code, 0)
    assert.match(stdout, /is what it was before/)
    const { gid, mode } = statSync(program)
    assert.deepEqual([readFileSync(program, 'utf8'), gid, mode & 0o7777], ['#!/bin/sh\n', 7, 0o4750])
    assert.deepEqual(readdirSync(dir), ['uml_net'])
    assert.ok(existsSync(alice.policyFile))
    const foreign = await run(['uninstall', '--dir', kBin])
    assert.equal(foreign.code, 1)
    assert.match(foreign.stderr, /none of ours: nothing was removed/)
  })

  it('a folder that a user can write, or one above it: refused, with what to do; check looks at it too', async () => {
    assert.equal((await install()).code, 0)
    rmSync(program)
    const sub = join(dir, 'a/b')
    mkdirSync(sub, { recursive: true })
    const into = (folder: string) => run(['install', '--dir', join(kBin, folder)])
    for (const [folder, mode, uid, why] of [
      ['a/b', 0o755, Unprivileged.uid, /the folder \/mnt\/a\/b is user 64242's.*sudo chown root \/mnt\/a\/b/],
      ['a/b', 0o2775, 0, /\/mnt\/a\/b may be written by group 0.*sudo chmod g-w \/mnt\/a\/b, or --dir/],
      ['a/b', 0o757, 0, /\/mnt\/a\/b may be written by others.*chmod go-w/],
      ['a', 0o1777, 0, /the folder \/mnt\/a may be written by others/],
      ['a', 0o755, Unprivileged.uid, /the folder \/mnt\/a is user 64242's/],
    ] as const) {
      chmodSync(join(dir, folder), mode)
      chownSync(join(dir, folder), uid, 0)
      const { code, stderr } = await into('a/b')
      assert.equal(code, 2, stderr)
      assert.match(stderr, why)
      // A link does not hide it.
      symlinkSync('a/b', join(dir, 'link'))
      assert.match((await into('link')).stderr, why)
      rmSync(join(dir, 'link'))
      assert.deepEqual(readdirSync(sub), [])
      chownSync(join(dir, folder), 0, 0)
      chmodSync(join(dir, folder), 0o755)
    }
    assert.equal((await into('a/b')).code, 0)
    await install()
    alice.writePolicy(`${kRule}\n`)
    chmodSync(dir, 0o2775)
    assert.match((await problems()).join(), /the folder \/mnt may be written by group 0/)
  })

  it('a folder that is not there, and a user who is not root: nothing is done', async () => {
    const nowhere = await run(['install', '--dir', join(lab.dir, 'nowhere')])
    assert.equal(nowhere.code, 2)
    assert.match(nowhere.stderr, /there is no folder .*nowhere: --dir takes one that is/)
    for (const verb of ['install', 'uninstall']) {
      const { code, stderr } = await run([verb, '--dir', kBin], alice.through())
      assert.equal(code, 1)
      assert.match(stderr, new RegExp(`only root can do that: sudo ethercast helper ${verb}`))
    }
    assert.deepEqual(readdirSync(dir), [])
    // The capability can't be set: the copy does not stay.
    const bare = await run(
      ['install', '--dir', kBin],
      [...alice.asRoot(), ...['setpriv', '--bounding-set=-setfcap', '--inh-caps=-setfcap', '--']],
    )
    assert.equal(bare.code, 1)
    assert.match(bare.stderr, /can't be given cap_net_admin/)
    assert.deepEqual(readdirSync(dir), [])
  })

  it('check names what is in the way, one after the other', async () => {
    await install()
    assert.match((await run(['check', '--user', 'alice'])).stdout, /allows nobody anything/)
    alice.writePolicy(`${kRule}\nallow user nobody-of-that-name device x\n`)
    assert.match(
      (await run(['check', '--user', 'alice'])).stdout,
      /line 2: neither \/etc\/passwd nor \/etc\/group has nobody-of-that-name/,
    )
    alice.writePolicy(`${kRule}\nallow user bob divice x\n`)
    assert.match((await problems()).join(), /line 2: 'divice' is unknown/)
    alice.writePolicy(`${kRule}\n`)

    chmodSync(alice.tun, 0o600)
    assert.match((await problems()).join(), /alice can't open \/dev\/net\/tun \(0600/)
    chmodSync(alice.tun, 0o660)
    // root as a user needs none of it.
    assert.deepEqual(await problems(alice.asRoot()), [])
    const noNewPrivs = [...alice.asRoot(), 'setpriv', '--no-new-privs', '--']
    const all = await run(['check', '--json', '--user', 'alice'], noNewPrivs)
    assert.match(all.stdout, /no_new_privs is set here/)

    writeFileSync(program, readFileSync(program)) // a write takes the capability away
    assert.match((await problems()).join(), /has not the capability cap_net_admin/)
    chmodSync(program, 0o4755)
    assert.match((await problems()).join(), /is setuid or setgid, and refuses to work so/)
    await install()
    assert.deepEqual(await problems(), [])
    const noSuch = await run(['check', '--user', 'no-such-user'])
    assert.equal(noSuch.code, 2)
    assert.match(noSuch.stderr, /there is no user no-such-user/)

    rmSync(alice.tun)
    writeFileSync(alice.tun, '')
    rmSync(program)
    writeFileSync(program, '#!/bin/sh\n')
    chmodSync(program, 0o4755)
    const foreign = await run(['check', '--user', 'alice'])
    assert.equal(foreign.code, 0)
    assert.match(foreign.stdout, /is not ours, and setuid root; UML takes it/)
  })

  it('check on a file system that is mounted nosuid', async () => {
    alice.writePolicy(`${kRule}\n`)
    const nosuid = [
      'sh',
      '-c',
      `mount -t tmpfs -o nosuid,mode=755 none ${dir} && exec "$@"`,
      'sh',
      ...alice.asRoot(),
    ]
    const both = `"$0" "$1" helper install --dir ${kBin} --json && "$0" "$1" helper check --json --user alice`
    const [first, ...rest] = [...nosuid, 'sh', '-c', both, process.execPath, 'dist/cli/main.js']
    const result = await host.exec(first, rest, { env: { PATH: `${kBin}:${searchPath()}` } })
    assert.equal(result.code, 1, result.stderr)
    assert.match(result.stdout, /is on a file system mounted nosuid: its capability does not count/)
  })

  it('policy: every rule with its line; what is wrong with a file is exit code 2', async () => {
    const file = join(lab.dir, 'some.policy')
    writeFileSync(file, `# a remark\n${kRule}\nallow   user @umltun,carol  device vm1 forward # x\n`)
    const { stdout } = await run(['policy', 'check', file])
    assert.equal(
      stdout,
      `2: ${kRule}\n3: allow user @umltun,carol device vm1 forward    # nobody is called carol\n${file}: 2 rules; what none allows is refused\n`,
    )
    assert.deepEqual(events(await run(['policy', 'check', file, '--json']))[1], {
      event: 'rule',
      line: 3,
      rule: 'allow user @umltun,carol device vm1 forward',
      unknown: ['carol'],
    })
    writeFileSync(file, 'alow user x device y\n')
    const broken = await run(['policy', 'check', file])
    assert.equal(broken.code, 2)
    assert.match(broken.stderr, /some\.policy, line 1: 'alow' is unknown: .*is 'allow' meant\?/)
    const word = await run(['policy', 'chekc', file])
    assert.equal(word.code, 2)
    assert.match(word.stderr, /allowed are helper policy, and helper policy check FILE/)
  })
})
