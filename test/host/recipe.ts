// A host and the LAN at its NIC, set up from a file of examples/ by the command, and guests that are booted and told what `plan` says.
import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { events } from '../cli/cli.js'
import { projectRoot } from '../support/child.js'
import type { Guest } from '../support/guest.js'
import type { Host } from '../support/host.js'
import type { Lab } from '../support/lab.js'
import { ip } from '../support/namespace.js'
import type { Result, Running } from '../support/running.js'
import { eventually } from '../support/wait.js'
import { settledDump } from './settled.js'

/** What the examples say of the host's LAN. */
export const kLan = {
  host4: '198.18.9.1',
  host6: '2001:db8:9::1',
  other4: '198.18.9.2',
  other6: '2001:db8:9::2',
}
const kCommandMs = 60_000
const kBootedMs = 60_000
/** Says who it is that asks. */
export const kWhoPort = 8000

export class Recipe {
  readonly #state: string
  readonly #program: string
  #original: string[] = []

  private constructor(
    readonly lab: Lab,
    readonly file: string,
    readonly host: Host,
    /** The other host of the LAN, and its router. It knows the LAN alone. */
    readonly neighbour: Host,
  ) {
    this.#state = join(lab.dir, 'state')
    this.#program = join(lab.dir, 'ethercast')
  }

  static async create(lab: Lab, name: string): Promise<Recipe> {
    const [host, neighbour] = [await lab.host('host'), await lab.host('lan')]
    const peer = ['peer', 'name', 'eth0', 'netns', neighbour.namespace]
    await ip('link', 'add', 'eth0', 'netns', host.namespace, 'type', 'veth', ...peer)
    for (const [here, address4, address6] of [
      [host, kLan.host4, kLan.host6],
      [neighbour, kLan.other4, kLan.other6],
    ] as const) {
      await here.ip('addr', 'add', `${address4}/24`, 'dev', 'eth0')
      await here.ip('addr', 'add', `${address6}/64`, 'dev', 'eth0', 'nodad')
      await here.ip('link', 'set', 'eth0', 'up')
    }
    await host.ip('route', 'add', 'default', 'via', kLan.other4)
    await host.ip('-6', 'route', 'add', 'default', 'via', kLan.other6)
    const file = join(projectRoot, 'examples', `${name}.yaml`)
    const recipe = new Recipe(lab, file, host, neighbour)
    // UML takes an underscore in the path of slirp's program for a space.
    const main = join(projectRoot, 'dist/cli/main.js')
    writeFileSync(recipe.#program, `#!/bin/sh\nexec ${process.execPath} ${main} "$@"\n`, { mode: 0o755 })
    for (const family of ['4', '6'])
      neighbour.spawn('socat', [
        `TCP${family}-LISTEN:${kWhoPort},fork,reuseaddr${family === '6' ? ',ipv6only' : ''}`,
        'SYSTEM:echo $SOCAT_PEERADDR',
      ])
    for (const address of [kLan.other4, `[${kLan.other6}]`]) {
      const ask = async () => (await host.exec('socat', ['-', `TCP:${address}:${kWhoPort}`])).stdout
      await eventually(ask, kCommandMs, 'an answer of the LAN')
    }
    recipe.#original = await settledDump(host)
    return recipe
  }

  #start(command: string, ...args: string[]): Running {
    const file = command === 'down' ? [] : ['-c', this.file]
    return this.host.ethercast([command, ...file, '--state', this.#state, ...args])
  }

  async run(command: 'plan' | 'up' | 'status' | 'down', ...args: string[]): Promise<Result> {
    const result = await this.#start(command, ...args).result(kCommandMs)
    assert.equal(result.code, 0, `${command}: ${result.stdout}${result.stderr}`)
    return result
  }

  /** Sets up, and sees that nothing is left to do. */
  async up(): Promise<void> {
    await this.run('up')
    assert.match((await this.run('up')).stdout, /^Nothing to change: /)
    await this.run('status')
  }

  /** Sets up and runs the switches. */
  async foreground(): Promise<Running> {
    const running = this.#start('up', '--foreground')
    await running.waitForLine(/^ready$/, kCommandMs)
    return running
  }

  async down(): Promise<void> {
    await this.run('down')
    await this.assertAsBefore()
  }

  async assertAsBefore(): Promise<void> {
    assert.deepEqual(await settledDump(this.host), this.#original)
    assert.ok(!existsSync(this.#state))
  }

  /** Boots a guest of the file with the device that `plan` names, and types into it what `plan` says. */
  async guest(name: string, device?: string): Promise<Guest> {
    const all = events(await this.run('plan', '--json')).filter(({ event }) => event === 'guest')
    const lines = all.find((each) => each.name === name)!.lines as string[]
    const uml = lines.map((line) => /^# UML: (\S+)$/.exec(line)?.[1]).find((each) => each !== undefined)
    const argument = (device ?? uml!).replace('/usr/bin/ethercast', this.#program)
    const guest = await this.host.uml(name, [], [argument], { modules: ['ipv6'], lifeSeconds: 300 })
    // The guest's root is the machine's own, for reading only.
    await guest.sh('cp /etc/resolv.conf /run/resolv.conf; mount --bind /run/resolv.conf /etc/resolv.conf')
    for (const line of lines.filter((each) => !each.startsWith('#'))) {
      const { code, output } = await guest.sh(line, kBootedMs)
      assert.equal(code, 0, `${line}: ${output}`)
    }
    return guest
  }
}

/** Who the LAN's other host takes the guest for, by a TCP connection of its. */
export async function seenAs(guest: Guest, address: string): Promise<string> {
  const { output } = await guest.sh(`nc -w 5 ${address} ${kWhoPort} </dev/null`)
  return output.trim().replace(/^\[|\]$/g, '')
}
