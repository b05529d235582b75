// uml_net as it is installed: root's, with cap_net_admin, run by a user without any right. What its policy and this host do not allow is
// refused, whatever is tried, and changes nothing.
import assert from 'node:assert/strict'
import { chmodSync, chownSync, copyFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Host } from '../support/host.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import { seeded } from '../support/random.js'
import { Unprivileged } from '../support/unprivileged.js'
import { eventually } from '../support/wait.js'
import { helpers, hostSide } from './uml_helper.js'

const kPolicy = 'allow user alice device tap*,vm7 guest 198.18.9.0/24 gate 198.18.9.254\n'
const kMask = '255.255.255.0'
/** What any user may run. */
const kSystemPath = '/usr/sbin:/usr/bin:/sbin:/bin'

/** All that a helper could change, as it is now. */
async function everything(host: Host): Promise<string> {
  const parts = await Promise.all([
    host.ip('-j', '-4', '-d', 'addr'),
    host.ip('-j', '-d', 'link'),
    host.ip('-j', '-4', 'route', 'show', 'table', 'all'),
    host.ip('-j', 'neigh', 'show', 'proxy'),
    host
      .exec('sh', ['-c', 'grep -s . /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/*/proxy_arp'])
      .then(({ stdout }) => stdout),
  ])
  return parts.join('\n').replace(/"(preferred|valid)_life_time":\d+/g, '')
}

describe('uml_net with cap_net_admin, run by a user without rights', function () {
  this.timeout(60_000)
  let lab: Lab
  let host: Host
  let alice: Unprivileged
  let program: string

  /** The text of the answer; the exit code must be this. */
  async function ask(args: readonly string[], code: number, before: readonly string[] = []): Promise<string> {
    const result = await alice.exec(host, [...before, program, ...args], { env: {} })
    assert.equal(result.code, code, `${args.join(' ')}: ${result.stdout}${result.stderr}`)
    // The length comes first, in four octets; UML reads no further than the NUL.
    return `${result.stdout.slice(4).replace('\0', '')}${result.stderr}`
  }
  const add = (device: string, address: string, code: number, mask = kMask) =>
    ask(['4', 'add', device, address, mask], code)

  before(async function () {
    need(this, 'netns', 'tun', 'setpriv', 'python3')
    lab = await Lab.create()
    ;[host] = [await lab.host('a')]
    const neighbour = await lab.host('b')
    await lab.link(host, neighbour, { addresses: ['198.18.9.1/24', '198.18.9.2/24'] })
    await host.ip('route', 'add', 'default', 'via', '198.18.9.3')
    alice = await Unprivileged.create(lab.dir)
    program = join(await alice.install(host), 'uml_net')
    for (const [name, ...owner] of [
      ['tap3', 'user', String(Unprivileged.uid)],
      ['tap4', 'user', '1'],
      ['tap5'],
    ] as const) {
      await host.ip('tuntap', 'add', 'dev', name, 'mode', 'tap', ...owner)
      await host.ip('link', 'set', name, 'up')
    }
    await host.ip('route', 'add', '198.18.9.99/32', 'dev', 'tap4')
  })
  beforeEach(() => alice.writePolicy(kPolicy))
  after(() => lab?.close())

  it('what the policy allows is done, and is undone; the LAN beside it hears of it, whatever the mask says', async () => {
    const before = await everything(host)
    assert.equal(
      await add('tap3', '198.18.9.70', 0),
      '* ip route add 198.18.9.70/32 dev tap3\n* sysctl -w net.ipv4.conf.tap3.proxy_arp=1\n' +
        '* ip neigh replace proxy 198.18.9.70 dev veth0\n',
    )
    const { routes, published } = await hostSide(host, 'tap3')
    assert.deepEqual([routes, published], [['198.18.9.70'], ['198.18.9.70 on veth0']])
    assert.match(await ask(['4', 'del', 'tap3', '198.18.9.70', '255.255.255.255'], 0), /ip neigh del proxy/)
    assert.equal(await everything(host), before)
    // What the device has no route for may be another user's.
    await host.ip('neigh', 'add', 'proxy', '198.18.9.70', 'dev', 'veth0')
    assert.match(await ask(['4', 'del', 'tap3', '198.18.9.70', kMask], 0), /it was not there\n$/)
    await host.ip('neigh', 'del', 'proxy', '198.18.9.70', 'dev', 'veth0')
    assert.equal(await everything(host), before)
  })

  it("no address of others', though the policy has the whole net; no device of others'", async () => {
    const before = await everything(host)
    for (const [device, address, why] of [
      ['tap3', '198.18.9.1', /198\.18\.9\.1 is this host's own \(on veth0\)/],
      ['tap3', '198.18.9.3', /is that of a gateway of this host, and can't be had/],
      ['tap3', '198.18.9.99', /is reached by tap4 already/],
      ['tap3', '198.18.9.0', /no host's/],
      ['tap3', '198.18.9.255', /no host's/],
      ['tap3', '198.18.10.53', /^allow user alice device tap\* guest 198\.18\.10\.53$/m],
      ['tap4', '198.18.9.71', /tap4 is not one of user alice/],
      ['tap5', '198.18.9.71', /tap5 is not one of user alice/],
      ['veth0', '198.18.9.71', /veth0 is no tap, tun or SLIP device/],
      ['lo', '198.18.9.71', /lo is no tap/],
    ] as const) {
      assert.match(await add(device, address, 1), why)
      assert.equal(await everything(host), before, `${device} ${address}`)
    }
    assert.match(await add('tap3', '198.18.9.79', 1, '255.255.255.240'), /under the guest's mask/)
    assert.match(await ask(['4', 'del', 'tap4', '198.18.9.99', kMask], 1), /not one of user alice/)
    assert.match(await ask(['3', 'tuntap', 'add', 'tap3', '198.18.10.53'], 1), /may not have/)
    assert.match(
      (await alice.exec(host, [program, '0', 'ethertap', 'tap4', '0'], { env: {} })).stderr,
      /pair of datagram sockets/,
    )
    assert.equal(await everything(host), before)
  })

  it("neither a gateway nor a guest's that another table knows", async () => {
    await host.ip('route', 'add', '198.18.9.98/32', 'dev', 'tap4', 'table', '77')
    await host.ip('route', 'add', '198.18.30.0/24', 'via', '198.18.9.97', 'table', '77')
    const before = await everything(host)
    assert.match(await add('tap3', '198.18.9.98', 1), /is reached by tap4 already/)
    assert.match(await add('tap3', '198.18.9.97', 1), /is that of a gateway of this host/)
    assert.equal(await everything(host), before)
    await host.ip('route', 'flush', 'table', '77')
  })

  it("del touches nothing that the administrator made on the user's device", async () => {
    await host.ip('route', 'add', '198.18.9.90/32', 'dev', 'tap3')
    await host.ip('neigh', 'add', 'proxy', '198.18.9.90', 'dev', 'veth0')
    await host.exec('sysctl', ['-qw', 'net.ipv4.conf.tap3.proxy_arp=1'], { check: true })
    const before = await everything(host)
    assert.match(await ask(['4', 'del', 'tap3', '198.18.9.90', kMask], 0), /it was not there\n$/)
    // Nor without any route there.
    assert.match(await ask(['4', 'del', 'tap3', '198.18.9.91', kMask], 0), /it was not there\n$/)
    assert.equal(await everything(host), before)
    await host.ip('route', 'del', '198.18.9.90/32', 'dev', 'tap3')
    await host.ip('neigh', 'del', 'proxy', '198.18.9.90', 'dev', 'veth0')
    await host.exec('sysctl', ['-qw', 'net.ipv4.conf.tap3.proxy_arp=0'], { check: true })
  })

  /** Asks for a tap as UML does, and shows what came of it before it goes with its descriptor. */
  async function tuntapUp(gate: string): Promise<string> {
    const script = [
      'import json, os, socket, subprocess, sys',
      'ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)',
      'done = subprocess.run(sys.argv[1:], stdout=theirs, stdin=subprocess.DEVNULL)',
      'data, fds, _, _ = socket.recv_fds(ours, 65536, 4)',
      'print(done.returncode, len(fds), data.decode(errors="replace").replace(chr(0), " "))',
      'print(subprocess.run(["ip", "-br", "link"], capture_output=True, text=True).stdout)',
    ].join('\n')
    const args = ['python3', '-c', script, program, '4', 'tuntap', 'up', gate]
    const { code, stdout, stderr } = await alice.exec(host, args, { env: { PATH: kSystemPath } })
    assert.equal(code, 0, stderr)
    return stdout
  }

  it("a new tap is of the rule's names, whatever number is free", async () => {
    await host.ip('tuntap', 'add', 'dev', 'tap0', 'mode', 'tap')
    alice.writePolicy('allow user alice device tap0* gate 198.18.9.254\n')
    const text = await tuntapUp('198.18.9.254')
    assert.match(text, /^0 1 tap00 /)
    assert.doesNotMatch(text, /^tap1 /m)
    await host.ip('link', 'del', 'tap0')
  })

  it('a new tap is up when its user gets it, with a gate or without: what is up stays Ethernet', async () => {
    assert.match(await tuntapUp(''), /^tap0 .*,UP[,>]/m)
  })

  it('a tap that its user made another kind of device is not carried', async () => {
    alice.writePolicy('allow user alice device tap8\n')
    await host.ip('tuntap', 'add', 'dev', 'tap8', 'mode', 'tap', 'user', String(Unprivileged.uid))
    const script = [
      'import fcntl, os, socket, struct, subprocess, sys, time',
      'tun = os.open("/dev/net/tun", os.O_RDWR)',
      'fcntl.ioctl(tun, 0x400454ca, struct.pack("16sH22x", b"tap8", 0x1002))', // TUNSETIFF, IFF_TAP | IFF_NO_PI
      'fcntl.ioctl(tun, 0x400454cd, 256)', // TUNSETLINK, ARPHRD_SLIP
      'os.close(tun)',
      'ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)',
      'done = subprocess.run([sys.argv[1], "0", "ethertap", "tap8", "0"], stdin=theirs, capture_output=True, timeout=10)',
      'print(done.returncode, done.stdout + done.stderr)',
    ].join('\n')
    const { stdout, stderr } = await alice.exec(host, ['python3', '-c', script, program], {
      env: { PATH: kSystemPath },
    })
    assert.match(stdout, /^1 .*tap8 is a tap, but of type 256 and not of Ethernet/, stderr)
    await host.ip('link', 'del', 'tap8')
  })

  it('a policy that is missing, broken or not to be trusted allows nothing, and says why', async () => {
    const before = await everything(host)
    const file = alice.policyFile
    alice.writePolicy(`${kPolicy}allow user alice divice tap*\n`)
    assert.match(
      await add('tap3', '198.18.9.70', 1),
      /helper\.policy, line 2: 'divice' is unknown: .* is 'device' meant\? \(until that is right, nothing is allowed\)/,
    )
    alice.writePolicy(kPolicy)
    chmodSync(file, 0o664)
    assert.match(await add('tap3', '198.18.9.70', 1), /may be written by others than root.*sudo chmod go-w/)
    chmodSync(file, 0o644)
    chownSync(file, Unprivileged.uid, 0)
    assert.match(await add('tap3', '198.18.9.70', 1), /is not root's/)
    chownSync(file, 0, 0)
    chmodSync(file, 0o600)
    assert.match(await add('tap3', '198.18.9.70', 1), /Permission denied.*sudo chmod 644/)
    rmSync(file)
    assert.match(
      await add('tap3', '198.18.9.70', 1),
      /There is no \/etc\/ethercast\/helper\.policy; with this line .*\nallow user alice device tap\* guest 198\.18\.9\.70$/m,
    )
    assert.equal(await everything(host), before)
  })

  it('a user by number, a group by name; not by a group that the user is not in', async () => {
    for (const [who, code] of [
      [Unprivileged.uid, 0],
      ['@umltun', 0],
      [`@${Unprivileged.tunGid}`, 0],
      ['@daemon', 1],
      ['nobody,root,@0', 1],
    ] as const) {
      alice.writePolicy(`allow user ${who} device tap3 guest 198.18.9.70\n`)
      await add('tap3', '198.18.9.70', code)
      if (code === 0) await ask(['4', 'del', 'tap3', '198.18.9.70', kMask], 0)
    }
  })

  it("the caller's environment, other verbs, and setuid: nothing of them works", async () => {
    const before = await everything(host)
    const hostile = [
      'env',
      `LD_PRELOAD=${lab.dir}/none.so`,
      'LD_DEBUG=all',
      'GCONV_PATH=.',
      `LD_AUDIT=${lab.dir}/none.so`,
    ]
    const text = await ask(['4', 'add', 'tap3', '198.18.10.53', kMask], 1, hostile)
    assert.match(text, /^uml_net: user alice \(64242\) may not have/)
    assert.doesNotMatch(text, /ld\.so|preload/)
    const { stderr } = await alice.exec(host, [program, 'policy', '/etc/passwd'], { env: {} })
    assert.match(stderr, /transport 'policy' is unknown/)
    const setuid = join(lab.dir, 'setuid')
    copyFileSync(join(alice.bin, 'uml_net'), setuid)
    chmodSync(setuid, 0o4755)
    const refused = await alice.exec(host, [setuid, '4', 'add', 'tap3', '198.18.9.70', kMask], { env: {} })
    assert.equal(refused.code, 1)
    assert.match(refused.stdout, /setuid or setgid, which is more than it needs/)
    assert.equal(await everything(host), before)
  })

  it('any words and any descriptors: nothing is changed without a rule, and the program never crashes', async () => {
    alice.writePolicy('allow user bob device * guest 198.18.9.0/24 gate 198.18.9.254 forward\n')
    const before = await everything(host)
    const pick = seeded(6)
    const words = [
      '0',
      '1',
      '2',
      '3',
      '4',
      '5',
      'tuntap',
      'ethertap',
      'slip',
      'add',
      'del',
      'up',
      'down',
      'tap3',
      'tap4',
      'tap9',
      'lo',
      '0',
      '1',
      '7',
      '198.18.9.70',
      '198.18.9.254',
      kMask,
      '0.0.0.0',
      '',
      '-1',
      'policy',
      'setcap',
      'facts',
      '%n',
      '../x',
      'x'.repeat(5000),
    ]
    const given = [
      '',
      '<&-',
      '>&-',
      '2>&-',
      '<&- >&- 2>&-',
      '</dev/tty',
      '>/dev/full',
      '</dev/net/tun >/dev/net/tun',
      '7<>/dev/net/tun',
      '>/proc/sys/net/ipv4/ip_forward',
    ]
    const any = <T>(of: readonly T[]) => of[pick(of.length)]!
    const lines = Array.from({ length: 400 }, () => {
      const args = Array.from({ length: pick(8) }, () => `'${any(words)}'`)
      return `(exec '${program}' ${args.join(' ')} ${any(given)}); echo code $?`
    })
    const script = join(lab.dir, 'random.sh')
    writeFileSync(script, `exec 2>/dev/null\n${lines.join('\n')}\n`)
    chmodSync(script, 0o644)
    const { stdout } = await alice.exec(host, ['sh', script], { env: {}, timeoutMs: 50_000 })
    const codes = [...stdout.matchAll(/^code (\d+)$/gm)].map(([, code]) => Number(code))
    assert.ok(codes.length >= lines.length * 0.9, `${codes.length} codes`) // an answer's octets may stand before one
    assert.deepEqual([...new Set(codes.filter((code) => ![1, 2].includes(code)))], []) // 2: the shell can't open it
    assert.equal(await everything(host), before)
  })

  it('no_new_privs: the capability does not count, and the way out is named', async () => {
    // setpriv itself still has what it drops, so that a shell stands between.
    const [first, ...rest] = [...alice.through('--no-new-privs'), 'sh', '-c', 'exec "$@"', 'sh', program]
    const { code, stdout } = await host.exec(first, [...rest, '4', 'add', 'tap3', '198.18.9.70', kMask])
    assert.equal(code, 1)
    assert.match(stdout, /Operation not permitted.*CAP_NET_ADMIN.*ethercast helper check/)
  })

  it('root needs no policy: what it could do by hand it can do so', async () => {
    const [first, ...rest] = [...alice.asRoot(), program]
    const ask = (verb: string) => host.exec(first, [...rest, '4', verb, 'tap5', '198.18.10.53', kMask])
    assert.equal((await ask('add')).code, 0)
    assert.equal((await ask('del')).code, 0)
  })

  it('slip: a device of the user, of the name that the policy has; who carries the packets has no capability left', async function () {
    need(this, 'script')
    alice.writePolicy('allow user alice device sl* gate 198.18.9.254,198.18.9.99\n')
    const out = join(lab.dir, 'slip.out')
    const line = `${program} 4 slip up 198.18.9.253 >${out}.no; ${program} 4 slip up 198.18.9.99 >${out}.taken; ${program} 4 slip up 198.18.9.254 >${out}; sleep 20`
    const [first, ...rest] = [...alice.through(), 'script', '-qc', line, '/dev/null']
    const terminal = host.spawn(first, rest)
    // The two that are refused, and the one that makes the device, end by themselves.
    await eventually(async () => (await hostSide(host, 'sl0')).isUp === true, 10_000, 'sl0')
    await eventually(async () => (await helpers(host)).length === 1, 5000, 'the process that stays')
    const { addresses, isUp } = await hostSide(host, 'sl0')
    assert.deepEqual([addresses, isUp], [['198.18.9.254/32'], true])
    const [link] = JSON.parse(await host.ip('-j', '-d', 'link', 'show', 'dev', 'sl0')) as [
      { linkinfo: { info_data: { user: string | number } } },
    ]
    assert.equal(String(link.linkinfo.info_data.user), String(Unprivileged.uid))
    const [pid] = (await helpers(host)) as [number]
    const { stdout } = await host.exec('grep', ['-E', '^(Cap|NoNew)', `/proc/${pid}/status`])
    assert.match(stdout, /CapPrm:\t0+\nCapEff:\t0+\n/)
    assert.match(stdout, /NoNewPrivs:\t1/)
    assert.match((await host.exec('cat', [`${out}.no`])).stdout, /^allow user alice device sl\* gate 198/m)
    const taken = await host.exec('cat', [`${out}.taken`])
    assert.match(taken.stdout, /198\.18\.9\.99 is reached by tap4 already/)
    // Its name is no proof: the terminal is.
    await alice.exec(host, ['script', '-qc', `${program} 4 slip down sl0 >${out}.down`, '/dev/null'])
    assert.match((await host.exec('cat', [`${out}.down`])).stdout, /this terminal has no device/)
    assert.equal((await hostSide(host, 'sl0')).isUp, true)
    await terminal.kill('SIGKILL')
    await eventually(async () => (await helpers(host)).length === 0, 5000, 'its end')
    assert.equal((await hostSide(host, 'sl0')).addresses, undefined)
  })
})
