// Three hosts on one segment, each with one line of `join`: one LAN for their kernels.
import assert from 'node:assert/strict'
import type { Host } from '../support/host.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import { star } from './star.js'
import { Join, pingSizes, transfer } from './tap_lan.js'

const kTransferOctets = 5_000_000
const kHeaders4 = 28
const kHeaders6 = 48

const ipv4 = (i: number) => `198.18.1.${i + 1}`
const ipv6 = (i: number) => `2001:db8:1::${i + 1}`

for (const { underlay, inner } of [
  { underlay: 1500, inner: 1458 },
  { underlay: 9000, inner: 1500 },
]) {
  describe(`three hosts on a segment of MTU ${underlay}, a line of \`join\` each`, function () {
    this.timeout(60_000)
    let lab: Lab
    let hosts: Host[]
    let joins: Join[]

    before(async function () {
      need(this, 'netns', 'tun', 'ping')
      lab = await Lab.create()
      hosts = await star(lab, 3, underlay)
      joins = await Promise.all(hosts.map((host, i) => Join.start(host, `tuntap,tap0,,${ipv4(i)}`, 'mcast')))
      await Promise.all(
        hosts.map((host, i) => host.ip('addr', 'add', `${ipv6(i)}/64`, 'dev', 'tap0', 'nodad')),
      )
    })

    after(() => lab?.close())

    /** Each ordered pair, as indices. */
    const pairs = [0, 1, 2].flatMap((a) => [0, 1, 2].filter((b) => b !== a).map((b) => [a, b] as const))

    it('all reach each other, with packets up to the MTU of the taps', async () => {
      await Promise.all(
        pairs.map(async ([a, b]) => {
          await pingSizes(hosts[a]!, ipv4(b), [1, 56, inner - kHeaders4])
          await pingSizes(hosts[a]!, ipv6(b), [1, 56, inner - kHeaders6])
        }),
      )
    })

    it('TCP content is the same at both ends, around the circle, over IPv4 and IPv6', async () => {
      const next = (i: number) => (i + 1) % 3
      await Promise.all(
        hosts.map((host, i) => transfer(host, hosts[next(i)]!, ipv4(next(i)), kTransferOctets)),
      )
      await Promise.all(hosts.map((host, i) => transfer(hosts[next(i)]!, host, ipv6(i), kTransferOctets)))
    })

    it('no fragment was needed, no loop was seen, and the accounts balance', async () => {
      for (const join of joins) {
        const ports = await join.stop('tuntap', 'mcast')
        for (const { name, rx, tx, loopBlocks } of ports) {
          const sum = (drops: Record<string, number>) => Object.values(drops).reduce((a, b) => a + b, 0)
          assert.equal(rx.frames, rx.forwarded + sum(rx.drops), name)
          assert.equal(tx.picked, tx.frames + sum(tx.drops) + tx.queued, name)
          assert.deepEqual([tx.fragmented, loopBlocks, rx.drops.bad_offload], [0, 0, 0], name)
        }
      }
    })
  })
}
