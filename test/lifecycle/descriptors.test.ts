// A listener in a process that runs out of descriptors: clients wait, the thread does not spin, and all go on by themselves.
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { projectRoot } from '../support/child.js'
import { freshPath, freeTcp } from '../support/fresh.js'
import { Running } from '../support/running.js'
import { eventually } from '../support/wait.js'

const kScript = fileURLToPath(new URL('../fixtures/stream_listener.mjs', import.meta.url))
/** More than Node itself needs, and fewer than the clients. */
const kFiles = 60
const kClients = 100
const kQuietMs = 1500

describe('a process without descriptors', function () {
  this.timeout(30_000)

  for (const kind of ['path', 'TCP'] as const) {
    it(`${kind}: more clients than descriptors wait without a spinning thread, and are taken when others go`, async () => {
      const address = await (kind === 'path' ? freshPath() : freeTcp('127.0.0.1'))
      const options =
        kind === 'path' ? { path: address } : { host: '127.0.0.1', port: Number(address.split(':')[1]) }
      const command = `ulimit -n ${kFiles}; exec "$0" "$@"`
      const args = ['-c', command, process.execPath, kScript, `stream,listen=${address}`]
      const running = new Running('sh', args, { cwd: projectRoot })
      const clients: Socket[] = []
      const state = async () => {
        const before = running.stdout.length
        running.write('\n')
        const line = await eventually(() => /\{"event":"state".*\n/.exec(running.stdout.slice(before))?.[0])
        return JSON.parse(line) as { ports: number; cpuMs: number }
      }
      try {
        await running.waitForLine(/"ready"/)
        for (let i = 0; i < kClients; i++) clients.push(connect(options).on('error', () => {}))
        await running.waitForLine(
          /"state":"degraded","reason":"descriptors".*no descriptor is left.*"errno":"EMFILE"/,
        )
        const before = await state()
        await sleep(kQuietMs)
        const after = await state()
        assert.ok(after.cpuMs - before.cpuMs < kQuietMs / 5, `${after.cpuMs - before.cpuMs} ms of CPU time`)
        assert.ok(before.ports < kFiles && before.ports > 10)
        // Half of all go; those who waited have their place.
        for (const client of clients.splice(0, kClients / 2)) client.destroy()
        await running.waitForLine(/"state":"up","reason":"descriptors".*taken again/)
        await eventually(async () => (await state()).ports > before.ports / 2, 5000, 'those who waited')
        for (const client of clients.splice(0, 30)) client.destroy()
        await eventually(async () => (await state()).ports === clients.length + 1, 5000, 'the rest of them')
      } finally {
        for (const client of clients) client.destroy()
        running.endInput()
        assert.equal((await running.result()).code, 0)
      }
    })
  }
})
