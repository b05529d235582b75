// What a guest says of routers: nothing of it is believed on the devices that a file makes.
import { strict as assert } from 'node:assert'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import { eventually } from '../support/wait.js'
import { advertisement, advertisementFrame } from './router_advertisement.js'
import { changesOf, comesAndGoes, Station, wish, withoutDad } from './station.js'

const kTap = { type: 'tap', multiQueue: false, uid: null, gid: null }

describe('guests are no routers', function () {
  this.timeout(60_000)
  let lab: Lab
  let station: Station

  beforeEach(async function () {
    need(this, 'netns', 'tun', 'socat')
    lab = await Lab.create()
    const host = await withoutDad(await lab.host('host', { route239: false }))
    for (const value of ['default.accept_ra=1', 'default.accept_redirects=1', 'all.forwarding=0'])
      await host.exec('sysctl', ['-qw', `net.ipv6.conf.${value}`], { check: true })
    station = new Station(host)
  })
  afterEach(() => lab?.close())

  /**
   * Sends it in by a device, which keeps its carrier after.
   *
   * @param by the device that hears it, whose IPv6 must be ready
   * @returns when this host has taken it
   */
  async function advertise(device: string, type: 'tap' | 'tun', by = device): Promise<void> {
    const { host } = station
    const file = join(lab.dir, `${device}.bin`)
    writeFileSync(file, type === 'tap' ? advertisementFrame() : advertisement())
    const to = `TUN,tun-name=${device},tun-type=${type},iff-no-pi`
    const sender = host.spawn('sh', ['-c', '(read _; cat "$0" -) | socat -u - "$1"', file, to])
    const isReady = () => host.ip('-6', 'addr', 'show', 'dev', by, 'scope', 'link', '-tentative')
    await eventually(isReady, 10_000, `IPv6 of ${by}`)
    sender.write('now\n')
    const isIn = async () => {
      const { stdout } = await host.exec('cat', [`/sys/class/net/${device}/statistics/rx_packets`])
      return Number(stdout) > 0
    }
    await eventually(isIn, 10_000, `the advertisement to come in by ${device}`)
  }
  const defaultRoutes = () => station.host.ip('-6', 'route', 'show', 'default')

  it('a router advertisement by a tap, a line or a bridge gives no default route', async () => {
    const wishes = await station.call('wishes', {
      taps: { tap0: {}, tap1: {} },
      slip: { sl0: { host: '198.18.5.1', guest: '198.18.5.2' } },
      bridges: { br0: { ports: ['tap1'] } },
    })
    const before = await station.settled()
    const made = []
    for (const one of wishes) made.push({ one, before: (await station.call('make', one)).before })
    // A device that the file knows nothing of, to see that the advertisement is one.
    await station.host.tap('other0')
    await advertise('tap0', 'tap')
    await advertise('tap1', 'tap', 'br0')
    await advertise('sl0', 'tun')
    await advertise('other0', 'tap')
    await eventually(async () => /dev other0/.test(await defaultRoutes()), 10_000, "the other's route")
    assert.doesNotMatch(await defaultRoutes(), /dev (tap0|tap1|sl0|br0)/)
    await station.host.stop()
    const after = new Station(station.host)
    await after.ip('link del other0')
    for (const each of made.reverse()) await after.call('restore', each.one, each.before)
    await after.isAsBefore(before)
  })

  it('a device that was there gets back what it had; one without IPv6 needs nothing', async () => {
    await station.host.tap('tap.0')
    const one = wish('no_router', { device: 'tap.0' })
    assert.equal(changesOf((await comesAndGoes(station, one)).actions), 2)
    assert.equal(await station.call('state', wish('no_router', { device: 'tap1' })), 'missing')
    await station.call('make', wish('tun', { device: 'tap1', ...kTap }))
    await station.call('make', wish('mtu', { device: 'tap1', mtu: 576 }))
    assert.deepEqual((await comesAndGoes(station, wish('no_router', { device: 'tap1' }))).actions, [])
  })
})
