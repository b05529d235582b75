// The attack that the UML HOWTO warns of: a guest takes the address of another machine, and the helper on its host, which has rights that
// the guest's user lacks, sends that machine's traffic to the guest. It works with Debian's uml_net, setuid root. With ours, which has one
// capability and a policy, it is refused in the guest's log and nothing changes; what the policy allows works as ever.
import assert from 'node:assert/strict'
import { chmodSync, chownSync, copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram } from '../../scripts/command.mjs'
import type { Guest, GuestResult } from '../support/guest.js'
import type { Host } from '../support/host.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import { Unprivileged } from '../support/unprivileged.js'
import { eventually } from '../support/wait.js'
import { guestPings, kernelPings, kFullPayload } from './asserts.js'
import { helpers, hostSide } from './uml_helper.js'

const kGate = '198.18.9.254'
const kGuest = '198.18.9.77'
const kSecond = '198.18.9.78'
const kClient = '198.18.9.2'
// On another LAN of the host's, as a name server may be.
const kServer = '198.18.10.53'
const kAllowed = `allow user alice device tap* guest 198.18.9.64/28 gate ${kGate}\n`
const kPings = 3

/** Echo requests that a host or a guest has answered. */
const echoes = (text: string) => {
  const [names, values] = text
    .split('\n')
    .filter((line) => line.startsWith('Icmp: '))
    .map((line) => line.split(' '))
  return Number(values![names!.indexOf('InEchos')])
}
const hostEchoes = async (host: Host) => echoes((await host.exec('cat', ['/proc/net/snmp'])).stdout)
const guestEchoes = async (guest: Guest) => echoes((await guest.sh('cat /proc/net/snmp')).output)

/** The lines that the guest's log says would allow what was refused. */
const linesToPaste = (log: string) => [...log.matchAll(/^.*?(allow user .*)$/gm)].map((match) => match[1]!)

describe('the attack of the HOWTO, by a guest of a user without rights', function () {
  this.timeout(90_000)
  let lab: Lab
  let host: Host
  let client: Host
  let server: Host
  let alice: Unprivileged
  let guest: Guest | undefined

  const boot = (programs: string, device = `tuntap,,fe:fd:c6:12:09:4d,${kGate}`) =>
    host.uml('alice', `${kGuest}/24`, [`eth0=${device}`], {
      programs,
      through: alice.through(),
      uncontained: true,
    })

  /** Whose answer a ping from the client to the server's address was. */
  async function answeredBy(attacker: Guest): Promise<{ server: number; guest: number }> {
    const before = [await hostEchoes(server), await guestEchoes(attacker)] as const
    await kernelPings(client, kServer)
    return {
      server: (await hostEchoes(server)) - before[0],
      guest: (await guestEchoes(attacker)) - before[1],
    }
  }

  const routesAndAnswers = async () =>
    (await host.ip('-4', 'route')) + (await host.ip('-4', 'neigh', 'show', 'proxy'))

  beforeEach(async function () {
    need(this, 'uml', 'tun', 'ping', 'setpriv')
    lab = await Lab.create()
    ;[host, client, server] = [await lab.host('a'), await lab.host('c'), await lab.host('s')]
    await lab.link(host, client, { addresses: ['198.18.9.1/24', `${kClient}/24`] })
    await lab.link(host, server, { addresses: ['198.18.10.1/24', `${kServer}/24`] })
    await client.ip('route', 'add', 'default', 'via', '198.18.9.1')
    await server.ip('route', 'add', 'default', 'via', '198.18.10.1')
    await host.exec('sysctl', ['-qw', 'net.ipv4.ip_forward=1'], { check: true })
    alice = await Unprivileged.create(lab.dir)
  })

  afterEach(async () => {
    await guest?.kill()
    guest = undefined
    await lab?.close()
  })

  it("works with Debian's uml_net: the name server's traffic goes to the guest", async function () {
    need(this, 'uml_net')
    const folder = join(lab.dir, 'debian')
    const program = join(folder, 'uml_net')
    mkdirSync(folder)
    chmodSync(folder, 0o755)
    copyFileSync(findProgram('uml_net')!, program)
    chownSync(program, 0, 0)
    chmodSync(program, 0o4755) // as packed, but for the group that may run it
    guest = await boot(folder)
    assert.deepEqual(await answeredBy(guest), { server: kPings, guest: 0 })
    await guest.sh(`ip addr add ${kServer}/32 dev eth0`)
    assert.match(await host.ip('-4', 'route'), new RegExp(`^${kServer} dev tap0`, 'm'))
    assert.deepEqual(await answeredBy(guest), { server: 0, guest: kPings })
  })

  it('fails with ours: a refusal in the log, and nothing has changed; what the policy allows works', async () => {
    const programs = await alice.install(host)
    alice.writePolicy(kAllowed)
    guest = await boot(programs)
    assert.deepEqual(await hostSide(host, 'tap0'), {
      addresses: [`${kGate}/32`],
      isUp: true,
      proxyArp: true,
      routes: [kGuest],
      published: [`${kGuest} on veth0`],
      forwards: true,
    })
    await kernelPings(client, kGuest, kFullPayload)
    await guestPings(guest, kClient, kFullPayload)
    // Nor does it tell the host where to send by IPv6, nor send in others' names.
    for (const [name, value] of [
      ['ipv6/conf/tap0/disable_ipv6', '1'],
      ['ipv6/conf/tap0/accept_ra', '0'],
      ['ipv4/conf/tap0/rp_filter', '1'],
    ] as const) {
      const { stdout } = await host.exec('cat', [`/proc/sys/net/${name}`])
      assert.equal(stdout.trim(), value, name)
    }
    assert.equal(await host.ip('-6', 'addr', 'show', 'dev', 'tap0'), '')

    const before = await routesAndAnswers()
    // The name server's, a neighbour's, and the host's own.
    for (const address of [kServer, kClient, '198.18.10.1']) {
      await guest.sh(`dmesg -c >/dev/null; ip addr add ${address}/32 dev eth0`)
      const { output } = await guest.sh('dmesg')
      assert.match(
        output,
        new RegExp(`user alice \\(64242\\) may not have the device tap\\* with a guest at ${address}`),
      )
      assert.deepEqual(linesToPaste(output), [`allow user alice device tap* guest ${address}`])
      assert.equal(await routesAndAnswers(), before)
    }
    await guest.sh(`ip addr del ${kClient}/32 dev eth0`)
    assert.equal(await routesAndAnswers(), before)
    // The guest itself believes that it has the name server's. What it sends so does not pass either.
    const heard = await hostEchoes(client)
    const spoofed = await guest.sh(`ping -c ${kPings} -i 0.1 -W 1 -I ${kServer} ${kClient}`)
    assert.match(spoofed.output, new RegExp(`${kPings} packets transmitted, 0 packets received`))
    assert.equal(await hostEchoes(client), heard)
    assert.deepEqual(await answeredBy(guest), { server: kPings, guest: 0 })
    await kernelPings(host, kServer)
    await kernelPings(client, kGuest)

    await guest.sh(`ip addr add ${kSecond}/24 dev eth0`)
    assert.deepEqual((await hostSide(host, 'tap0')).routes, [kGuest, kSecond])
    await kernelPings(client, kSecond)
    await guest.sh(`ip addr del ${kSecond}/24 dev eth0; ip link set eth0 down`)
    await eventually(async () => (await hostSide(host, 'tap0')).addresses === undefined, 5000, 'tap0 to go')
    assert.deepEqual(await hostSide(host, 'tap0'), { routes: [], published: [], forwards: true })
  })

  it('nothing is allowed at first; the lines that the refusals name, pasted, allow it', async () => {
    const programs = await alice.install(host)
    await host.exec('sysctl', ['-qw', 'net.ipv4.ip_forward=0'], { check: true })
    guest = await boot(programs)
    const pasted: string[] = []
    for (const line of [`gate ${kGate}`, `guest ${kGuest}`]) {
      const { output }: GuestResult = await guest.sh(
        'dmesg -c; ip link set eth0 down; ip link set eth0 up; dmesg -c',
      )
      const lines: string[] = [...new Set(linesToPaste(output))]
      assert.deepEqual(lines, [`allow user alice device tap* ${line}`])
      pasted.push(...lines)
      alice.writePolicy(`${pasted.join('\n')}\n`)
    }
    const { output } = await guest.sh('ip link set eth0 down; ip link set eth0 up; dmesg')
    await kernelPings(host, kGuest)
    // The host's forwarding is not the guest's to switch.
    assert.match(
      output,
      /this host forwards nothing.*sudo sysctl -w net\.ipv4\.ip_forward=1, or the word forward/,
    )
    assert.equal((await hostSide(host, 'tap0')).forwards, false)
    alice.writePolicy(`${pasted.join(' forward\n')}\n`)
    await guest.sh('ip link set eth0 down; ip link set eth0 up')
    assert.equal((await hostSide(host, 'tap0')).forwards, true)
    await kernelPings(client, kGuest)
  })

  it('over ethertap it fails as well; the helper that stays holds its capability out of effect', async () => {
    const programs = await alice.install(host)
    alice.writePolicy(`allow user alice device tap7 guest 198.18.9.64/28 gate ${kGate}\n`)
    guest = await boot(programs, `ethertap,tap7,fe:fd:c6:12:09:4d,${kGate}`)
    await kernelPings(client, kGuest, kFullPayload)
    const [pid] = (await helpers(host)) as [number]
    const { stdout } = await host.exec('grep', ['-E', '^(Uid|Cap|NoNew)', `/proc/${pid}/status`])
    assert.match(stdout, /^Uid:(\t64242){4}$/m)
    assert.match(stdout, /^CapPrm:\t0000000000001000\nCapEff:\t0000000000000000$/m)
    assert.match(stdout, /^NoNewPrivs:\t1$/m)
    const before = await routesAndAnswers()
    await guest.sh(`dmesg -c >/dev/null; ip addr add ${kServer}/32 dev eth0`)
    const { output } = await guest.sh('dmesg')
    assert.deepEqual(linesToPaste(output), [`allow user alice device tap7 guest ${kServer}`])
    assert.equal(await routesAndAnswers(), before)
    assert.deepEqual(await answeredBy(guest), { server: kPings, guest: 0 })
    // It minds a policy that has changed, and one that is broken now.
    alice.writePolicy(`allow user alice device tap7 guest ${kSecond}\n`)
    await guest.sh(`ip addr add ${kSecond}/24 dev eth0`)
    await kernelPings(client, kSecond)
    alice.writePolicy('allow\n')
    const broken = await guest.sh(`ip addr add 198.18.9.79/24 dev eth0; dmesg`)
    assert.match(broken.output, /helper\.policy, line 1: it names no user/)
    assert.deepEqual((await hostSide(host, 'tap7')).routes, [kGuest, kSecond])
    await guest.sh('ip link set eth0 down')
    await eventually(async () => (await helpers(host)).length === 0, 5000, 'the helper to end')
    assert.deepEqual(await hostSide(host, 'tap7'), { routes: [], published: [], forwards: true })
  })
})
