// The real System: what it says when something fails, names with dots, links that are not followed, accounts; for users without rights too.
import { strict as assert } from 'node:assert'
import { chmodSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Action } from '../../lib/host/action.js'
import { ip, nft, sysctl } from '../../lib/host/action.js'
import { localSystem, sysctlPath } from '../../lib/host/local_system.js'
import { readReality } from '../../lib/host/read_reality.js'
import type { System } from '../../lib/host/system.js'
import { projectRoot } from '../support/child.js'
import { need } from '../support/need.js'
import { run } from '../support/running.js'

/** The user and group of nobody in particular. */
const kNobody = '65534'

describe('the local system', function () {
  this.timeout(30_000)
  let folder: string
  const system = localSystem()

  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'ethercast-system-'))))
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  /** A program of that name that does what is said, and nothing else on the path but the shell. */
  const withProgram = (name: string, script: string, programMs?: number): System => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`)
    chmodSync(join(folder, name), 0o755)
    return localSystem({ path: `${folder}:/bin:/usr/bin`, programMs })
  }

  it('says which command, and what it complained about', async function () {
    need(this, 'ip')
    await assert.rejects(system.perform(ip('link', 'set', 'dev', 'ec-none', 'up')), {
      code: 'ENODEV',
      message: 'ip link set dev ec-none up: Cannot find device "ec-none"',
    })
  })

  it('says which line of a batch', async function () {
    need(this, 'ip')
    const action: Action = {
      ...ip('-batch', '-'),
      input: 'link show dev lo\nlink set dev ec-none up\nlink show dev lo\n',
    }
    await assert.rejects(system.perform(action), {
      message: 'ip -batch -: link set dev ec-none up: Cannot find device "ec-none"',
    })
  })

  it('says which package has a program that is not there', async () => {
    const bare = localSystem({ path: folder })
    await assert.rejects(bare.read('ip', ['link']), {
      code: 'ENOENT',
      message: /no program ip; Debian's package iproute2 has it/,
    })
    await assert.rejects(bare.perform(nft('x')), {
      message: /^nft -f -: there is no program nft; Debian's package nftables/,
    })
  })

  it('says which right is missing', async () => {
    const poor = withProgram('ip', 'echo "RTNETLINK answers: Operation not permitted" >&2; exit 2')
    await assert.rejects(poor.perform(ip('link', 'add', 'x')), {
      code: 'EPERM',
      message:
        'ip link add x: RTNETLINK answers: Operation not permitted. This needs root, or the capability CAP_NET_ADMIN',
    })
  })

  it('waits for no program for ever, and holds no endless output', async () => {
    const slow = withProgram('ip', 'exec sleep 60', 300)
    await assert.rejects(slow.read('ip', []), /did not end within 300 ms/)
    const mute = withProgram('ip', 'exit 7')
    await assert.rejects(mute.read('ip', ['x']), { message: 'ip x: ended with 7' })
    const chatty = withProgram('ip', 'head -c 100000 /dev/zero | tr "\\\\0" x >&2; exit 1')
    await assert.rejects(chatty.read('ip', []), (error: Error) => error.message.length < 1100)
  })

  it('hands arguments over as they are, no shell in between, and reads nothing from a terminal', async () => {
    const echo = withProgram('ip', 'printf "<%s>" "$@"; cat')
    assert.equal(await echo.read('ip', ['a b', '$(id)', "';"], 'in'), "<a b><$(id)><';>in")
    assert.equal(await echo.read('ip', ['x']), '<x>')
  })

  it('reads values of devices whose names have dots, and nothing outside of /proc/sys', () => {
    assert.equal(sysctlPath('net.ipv4.conf.eth0/5.forwarding'), '/proc/sys/net/ipv4/conf/eth0.5/forwarding')
    for (const name of ['', 'net..x', 'net.//.x', 'net./.x', 'x\0y'])
      assert.equal(sysctlPath(name), undefined, name)
    assert.match(String(system.sysctl('net.ipv4.ip_forward')), /^[01]$/)
    assert.equal(system.sysctl('net.ipv4.none'), undefined)
  })

  it('says which value can not be written', async () => {
    await assert.rejects(system.perform(sysctl('net.ipv4.none', '1')), {
      message: 'sysctl -w net.ipv4.none=1: ENOENT: no such file or directory',
    })
    await assert.rejects(system.perform(sysctl('net..x', '1')), /is not the name of a value/)
  })

  it('sets group and mode of a file, and never of what a link leads to', async function () {
    need(this, 'root')
    const file = join(folder, 'file')
    writeFileSync(file, '', { mode: 0o600 })
    await system.perform({ do: 'access', path: file, gid: 4321, mode: 0o660 })
    assert.deepEqual(system.access(file), { uid: 0, gid: 4321, mode: 0o660 })
    const link = join(folder, 'link')
    symlinkSync(file, link)
    assert.equal(system.access(link), undefined)
    await assert.rejects(
      system.perform({ do: 'access', path: link, gid: 0, mode: 0o777 }),
      /symbolic link, which is not followed/,
    )
    assert.equal(statSync(file).mode & 0o7777, 0o660)
    assert.equal(system.access(join(folder, 'none')), undefined)
  })

  it('knows accounts by name and number, with getent and without', () => {
    for (const one of [system, localSystem({ path: folder })]) {
      assert.equal(one.uid('root'), 0)
      assert.equal(one.gid('daemon'), 1)
      assert.equal(one.uid(1234), 1234)
      assert.equal(one.uid('1234'), 1234)
      for (const name of ['nobody-of-that-name', '-h', '', 'a:b', 'a\nb', '4294967295'])
        assert.equal(one.uid(name), undefined, name)
    }
  })

  it('shows any user what there is, with a note about what only root sees', async function () {
    need(this, 'root', 'setpriv')
    const code = `import { localSystem } from './lib/host/local_system.ts'
      import { readReality } from './lib/host/read_reality.ts'
      const { links, notes, nat } = await readReality(localSystem())
      console.log(JSON.stringify({ lo: links[0].name, notes, nat }))`
    const args = [
      '--reuid',
      kNobody,
      '--regid',
      kNobody,
      '--clear-groups',
      process.execPath,
      '--import',
      'tsx',
    ]
    const { stdout, stderr } = await run('setpriv', [...args, '--input-type=module', '--eval', code], {
      cwd: projectRoot,
    })
    const { lo, notes } = JSON.parse(stdout || stderr) as { lo: string; notes: string[] }
    assert.equal(lo, 'lo')
    assert.match(
      notes.join('\n'),
      /^What is in nftables is not known: nft -j list table inet ethercast: .*CAP_NET_ADMIN$/s,
    )
  })

  it('copes with programs that print nothing, or are missing', async () => {
    const quiet = withProgram('ip', 'exit 0')
    const { links, routes, proxies, notes } = await readReality({ ...system, ...bound(quiet) })
    assert.deepEqual([links, routes, proxies], [[], [], []])
    assert.ok(notes.length <= 1)
    const odd = withProgram(
      'ip',
      'echo \'[{},{"ifname":5},null,{"ifname":"x","ifindex":1,"mtu":1,"addr_info":[{}]},{"dst":"bad"},7]\'',
    )
    const reality = await readReality(bound(odd))
    assert.deepEqual(
      reality.links.map(({ name }) => name),
      ['x'],
    )
    assert.deepEqual([reality.links[0]!.addresses, reality.routes, reality.proxies], [[], [], []])
    const none = await readReality(
      bound({
        ...bound(odd),
        read: (program, args) =>
          program === 'nft' ? localSystem({ path: folder }).read('nft', args) : odd.read(program, args),
      }),
    )
    assert.match(none.notes.join(), /Debian's package nftables/)
  })
})

const bound = (one: System): System => ({
  read: (...args) => one.read(...args),
  sysctl: (name) => one.sysctl(name),
  access: (path) => one.access(path),
  uid: (account) => one.uid(account),
  gid: (account) => one.gid(account),
  perform: (action) => one.perform(action),
})
