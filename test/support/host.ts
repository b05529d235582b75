// A test host: a network namespace and what runs in it.
import { nodeArguments, type NodeOptions, projectRoot, type Script } from './child.js'
import { Guest, type GuestOptions } from './guest.js'
import { ip } from './namespace.js'
import { startQemuHub } from './qemu.js'
import { type Result, Running, type StartOptions } from './running.js'

export interface HostOptions {
  /** The loopback device carries multicast. */
  multicastLo?: boolean
  /** 239.0.0.0/8 is routed over loopback (a cable takes that route over). */
  route239?: boolean
}

export interface ExecOptions extends StartOptions {
  timeoutMs?: number
  /** An exit code other than 0 is an error. */
  check?: boolean
}

export interface TapOptions {
  mtu?: number
  mac?: string
}

export class Host {
  readonly #running = new Set<Running>()
  #devices = 0
  #guests = 0

  /** Made by `Lab.host`. */
  constructor(
    readonly namespace: string,
    readonly dir: string,
  ) {}

  /** Runs a command here to its end. */
  async exec(command: string, args: readonly string[] = [], options: ExecOptions = {}): Promise<Result> {
    const running = this.spawn(command, args, { input: '', ...options })
    const result = await running.result(options.timeoutMs)
    if (options.check && result.code !== 0) {
      throw new Error(`${running.commandLine}: exit code ${result.code}\n${result.stdout}${result.stderr}`)
    }
    return result
  }

  /** Starts a command here. It ends with the lab, if not before. */
  spawn(command: string, args: readonly string[] = [], options: StartOptions = {}): Running {
    const running = new Running('ip', ['netns', 'exec', this.namespace, command, ...args], options)
    this.#running.add(running)
    void running.exited.then(() => this.#running.delete(running))
    return running
  }

  /** Starts a Node process here: a script file (.js, .mjs, .ts) or `{ code }`. */
  node(script: Script, args: readonly string[] = [], options: NodeOptions = {}): Running {
    const all = nodeArguments(script, args, options.nodeArgs)
    return this.spawn(process.execPath, all, { cwd: projectRoot, ...options })
  }

  /** Starts the built command line tool here: `host.ethercast(['join', 'mcast', '--json'])`. */
  ethercast(args: readonly string[], options: StartOptions = {}): Running {
    return this.node('dist/cli/main.js', args, options)
  }

  /** Runs `ip -n NAMESPACE …` and returns what it printed. */
  ip(...args: string[]): Promise<string> {
    return ip('-n', this.namespace, ...args)
  }

  /** The name of the next cable's device. */
  nextDevice(): string {
    return `veth${this.#devices++}`
  }

  /** Makes a persistent tap device, up, with an address such as 198.18.1.1/24 if one is given. */
  async tap(name: string, address?: string, { mtu = 1500, mac }: TapOptions = {}): Promise<void> {
    await this.exec('ip', ['tuntap', 'add', 'dev', name, 'mode', 'tap'], { check: true })
    if (mac) await this.ip('link', 'set', name, 'address', mac)
    if (address) await this.ip('addr', 'add', address, 'dev', name)
    await this.ip('link', 'set', name, 'mtu', String(mtu), 'up')
  }

  /**
   * Boots a User-Mode Linux guest here and returns when it is up. `umlArgs` are UML's own, such as
   * `eth0=mcast,fe:fd:0:0:0:1`; the address (several are possible, none too) goes to the device they name.
   */
  async uml(
    name: string,
    addresses: string | readonly string[],
    umlArgs: readonly string[],
    options: GuestOptions = {},
  ): Promise<Guest> {
    const id = `g${this.#guests++}${name}`
    const list = typeof addresses === 'string' ? [addresses] : addresses
    return Guest.boot(this, id, list.filter(Boolean), umlArgs, options)
  }

  /** Starts QEMU without a machine, as a hub of these `-netdev`s (their `id` is added), and returns when it runs. */
  qemuHub(...netdevs: string[]): Promise<Running> {
    return startQemuHub(this, netdevs)
  }

  /** Ends all that runs here. */
  async stop(): Promise<void> {
    await Promise.all([...this.#running].map((running) => running.kill()))
  }
}
