// A user without rights on a test host, with a /etc and a /dev/net/tun of the lab's own: what is installed, allowed and refused there is
// nobody else's. The mounts live in the namespace that each command has anyway (`ip netns exec`).
import assert from 'node:assert/strict'
import { appendFileSync, chmodSync, chownSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { childEnv } from '../../scripts/command.mjs'
import { projectRoot } from './child.js'
import type { ExecOptions, Host } from './host.js'
import { run, type Result } from './running.js'

/** Numbers that no package uses. */
const UID = 64_242
const TUN_GID = 64_243
/** A command line tool's whole run, on a busy machine. */
const kCommandMs = 30_000
/** TUN's device (Documentation/networking/tuntap.rst). */
const TUN_NUMBERS = ['10', '200']

export class Unprivileged {
  static readonly uid = UID
  static readonly tunGid = TUN_GID
  /** Its name in the lab's /etc/passwd. */
  readonly name = 'alice'

  private constructor(
    readonly dir: string,
    readonly tun: string,
  ) {}

  /** `dir`: the lab's. */
  static async create(dir: string): Promise<Unprivileged> {
    const tun = join(dir, 'tun')
    const user = new Unprivileged(dir, tun)
    chmodSync(dir, 0o777) // guests write their answers there
    mkdirSync(user.bin)
    chmodSync(user.bin, 0o755)
    for (const args of [
      ['cp', '-a', '/etc', user.etc],
      ['mknod', tun, 'c', ...TUN_NUMBERS],
    ] as const) {
      const { code, stderr } = await run(args[0], args.slice(1))
      assert.equal(code, 0, stderr)
    }
    chownSync(tun, 0, TUN_GID)
    chmodSync(tun, 0o660)
    rmSync(dirname(user.policyFile), { recursive: true, force: true })
    appendFileSync(join(user.etc, 'passwd'), `${user.name}:x:${UID}:${UID}::/nonexistent:/bin/sh\n`)
    appendFileSync(join(user.etc, 'group'), `${user.name}:x:${UID}:\numltun:x:${TUN_GID}:${user.name}\n`)
    return user
  }

  /** What /etc is for commands here. */
  get etc(): string {
    return join(this.dir, 'etc')
  }

  get policyFile(): string {
    return join(this.etc, 'ethercast/helper.policy')
  }

  writePolicy(text: string): void {
    mkdirSync(dirname(this.policyFile), { recursive: true })
    chmodSync(dirname(this.policyFile), 0o755)
    writeFileSync(this.policyFile, text)
    chmodSync(this.policyFile, 0o644)
  }

  /** What the folder for programs, root's alone and all above it too, is called for commands here. */
  static readonly bin = '/mnt'
  /** The same folder, as others see it. */
  get bin(): string {
    return join(this.dir, 'bin')
  }

  /** What stands before a command to run it as this user; `setpriv` are further options of that program. */
  through(...setpriv: string[]): string[] {
    const options = [`--reuid=${UID}`, `--regid=${UID}`, `--groups=${TUN_GID}`, ...setpriv].join(' ')
    return this.#within(`exec setpriv ${options} -- "$@"`)
  }

  /** The same as root. */
  asRoot(): string[] {
    return this.#within('exec "$@"')
  }

  /** Runs a command on a host as this user. */
  exec(host: Host, command: readonly string[], options: ExecOptions = {}): Promise<Result> {
    const [first, ...rest] = [...this.through(), ...command]
    return host.exec(first!, rest, options)
  }

  /** Runs the built command line tool as root, or as this user. */
  ethercast(host: Host, args: readonly string[], through = this.asRoot()): Promise<Result> {
    const [first, ...rest] = [...through, process.execPath, join(projectRoot, 'dist/cli/main.js'), ...args]
    return host.exec(first!, rest, { env: childEnv(), timeoutMs: kCommandMs })
  }

  /** Installs our uml_net with the command that people use; returns the folder. */
  async install(host: Host): Promise<string> {
    const { code, stderr } = await this.ethercast(host, ['helper', 'install', '--dir', Unprivileged.bin])
    assert.equal(code, 0, stderr)
    return Unprivileged.bin
  }

  #within(then: string): string[] {
    const mounts = [
      `mount --bind ${this.etc} /etc`,
      `mount --bind ${this.tun} /dev/net/tun`,
      `mount --bind ${this.bin} ${Unprivileged.bin}`,
    ].join(' && ')
    return ['sh', '-c', `${mounts} && ${then}`, 'sh']
  }
}
