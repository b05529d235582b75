// QEMU's netdevs over connections and datagrams, in every form that QEMU 7.2 has, with a kernel's own stack behind its hub: pings both
// ways, and both again after QEMU was killed and started anew.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { Host } from '../support/host.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import type { Running } from '../support/running.js'
import { eventually } from '../support/wait.js'
import { kernelPings, kFullPayload, nodePings } from './asserts.js'
import { LanNode } from './lan_node.js'

const kTap = '198.18.1.2'
const kNode = '198.18.1.3'
const kTapDevice = 'tap,ifname=t0,script=no,downscript=no'

interface Form {
  netdev: string
  spec: string
  /** QEMU has to be there first, or it has to find us there. */
  first: 'qemu' | 'node'
  /** What our port is while QEMU is away; a listener's client is gone. */
  away?: 'reconnecting'
}

/** In a namespace of our own every port is free. */
const inet = (key: string, port: number) => `${key}.type=inet,${key}.host=127.0.0.1,${key}.port=${port}`

function forms(dir: string): Record<string, Form> {
  const path = (name: string) => join(dir, name)
  const unix = (key: string, name: string) => `${key}.type=unix,${key}.path=${path(name)}`
  return {
    'socket,listen=': {
      netdev: 'socket,listen=127.0.0.1:5001',
      spec: 'stream,connect=127.0.0.1:5001',
      first: 'qemu',
      away: 'reconnecting',
    },
    'socket,connect=': {
      netdev: 'socket,connect=127.0.0.1:5002',
      spec: 'stream,listen=127.0.0.1:5002',
      first: 'node',
    },
    'stream,server=on over a path': {
      netdev: `stream,server=on,${unix('addr', 'on')}`,
      spec: `stream,connect=${path('on')}`,
      first: 'qemu',
      away: 'reconnecting',
    },
    'stream,server=off over a path': {
      netdev: `stream,server=off,${unix('addr', 'off')}`,
      spec: `stream,listen=${path('off')}`,
      first: 'node',
    },
    'stream,server=on over TCP': {
      netdev: `stream,server=on,${inet('addr', 5005)}`,
      spec: 'stream,connect=127.0.0.1:5005',
      first: 'qemu',
      away: 'reconnecting',
    },
    'stream,server=off over TCP': {
      netdev: `stream,server=off,${inet('addr', 5006)}`,
      spec: 'stream,listen=127.0.0.1:5006',
      first: 'node',
    },
    'dgram between paths': {
      netdev: `dgram,${unix('local', 'theirs')},${unix('remote', 'ours')}`,
      spec: `dgram,local=${path('ours')},remote=${path('theirs')}`,
      first: 'node',
      away: 'reconnecting',
    },
    'dgram over UDP': {
      netdev: `dgram,${inet('local', 5008)},${inet('remote', 5007)}`,
      spec: 'dgram,local=127.0.0.1:5007,remote=127.0.0.1:5008',
      first: 'node',
    },
  }
}

/**
 * With the tap down until it runs: QEMU 7.2 ends with SIGSEGV when the hub hands its `stream` server a frame before that one listens.
 */
async function startQemu(host: Host, netdev: string): Promise<Running> {
  await host.ip('link', 'set', 't0', 'down')
  const qemu = await host.qemuHub(kTapDevice, netdev)
  await host.ip('link', 'set', 't0', 'up')
  return qemu
}

async function pingBothWays(host: Host, node: LanNode): Promise<void> {
  for (const payload of [56, kFullPayload]) {
    await nodePings(node, kTap, { payloadOctets: payload })
    await kernelPings(host, kNode, payload)
  }
}

describe("QEMU's netdevs over connections and datagrams", function () {
  this.timeout(60_000)
  let lab: Lab
  let host: Host

  before(async function () {
    need(this, 'qemu', 'tun', 'ping')
    lab = await Lab.create()
    host = await lab.host('a')
    await host.tap('t0', `${kTap}/24`, { mac: 'fe:fd:c6:12:01:02' })
  })

  after(() => lab?.close())

  for (const name of Object.keys(forms(''))) {
    it(`${name}: pings both ways, with frames up to 1514 octets, also after QEMU's restart`, async () => {
      const { netdev, spec, first, away } = forms(lab.dir)[name]!
      const startNode = () =>
        LanNode.start(host, { ports: [spec], node: { mac: 'fe:fd:c6:12:01:03', ipv4: kNode } })
      let node: LanNode
      let qemu: Running
      if (first === 'qemu') {
        qemu = await startQemu(host, netdev)
        node = await startNode()
      } else {
        node = await startNode()
        qemu = await startQemu(host, netdev)
      }
      try {
        const isUp = () => node.changes.at(-1)?.state === 'up'
        if (name.startsWith('dgram between'))
          assert.equal(node.changes[0]?.state ?? 'reconnecting', 'reconnecting')
        // A client that QEMU is comes by itself, a moment after QEMU says that it runs.
        if (spec.includes('listen='))
          await eventually(() => node.changes.some(({ reason }) => reason === 'client'))
        await pingBothWays(host, node)
        await qemu.kill('SIGKILL')
        if (away !== undefined || spec.includes('listen=')) {
          const gone = away ?? 'closed'
          await eventually(() => node.changes.at(-1)?.state === gone, 5000, `${spec} to be ${gone}`)
        }
        qemu = await startQemu(host, netdev)
        if (away !== undefined || spec.includes('listen='))
          await eventually(isUp, 10_000, `${spec} to be up again`)
        await pingBothWays(host, node)
        if (away !== undefined) assert.equal((await node.stats(spec.split(',')[0]!)).reconnects, 1)
      } finally {
        await qemu.kill()
        await node.stop()
      }
    })
  }
})
