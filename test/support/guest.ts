// A real guest: User-Mode Linux with the machine's own files as a read-only root, so that it has busybox,
// iperf3 and whatever else is installed. Only the lab's folder is writable, under its own path.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Host } from './host.js'
import type { Exit, Running } from './running.js'
import { eventually } from './wait.js'

// Boots in two seconds alone; several at once on a small machine take their time.
const kBootMs = 30_000

export interface GuestOptions {
  /** A script for the guest's shell, run once it is up; its output goes to the console, then GUEST-RAN and its exit code. */
  run?: string
  /** The guest switches itself off after this time, should nobody end it. */
  lifeSeconds?: number
  memory?: string
  /** Kernel modules to load, such as 8021q. ipv6 is loaded by itself when there is an IPv6 address, and only then. */
  modules?: readonly string[]
  /** Variables of the environment of UML itself, such as the PATH where it looks for its helpers. */
  env?: Record<string, string>
}

export interface GuestResult {
  code: number
  /** stdout and stderr. */
  output: string
}

// Commands come in by the console: the guest sleeps in `read` and costs nothing between commands. Results go by
// files: console lines may be mixed with the kernel's. hostfs writes a file's pages when it is closed, and
// renames at once, so who sees NAME.code sees all of NAME.out. Each command has files of its own, since the guest
// may have cached the pages of a file that was there before.
function initScript(
  dir: string,
  id: string,
  device: string,
  addresses: readonly string[],
  options: GuestOptions,
): string {
  const base = join(dir, id)
  const needsIpv6 = addresses.some((address) => address.includes(':'))
  const modules = [...(needsIpv6 ? ['ipv6'] : []), ...(options.modules ?? [])]
  return `#!/bin/busybox sh
export PATH=/bin:/usr/bin:/sbin:/usr/sbin TMPDIR=/run HOME=/run
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t sysfs sys /sys
$b mount -t tmpfs tmp /run
$b mount -t hostfs none ${dir} -o ${dir}
$b stty -echo
($b sleep ${options.lifeSeconds ?? 120}; $b poweroff -f) </dev/null >/dev/null 2>&1 &
$b ip link set lo up
modules=/usr/lib/uml/modules/$($b uname -r)
for name in ${modules.join(' ')}; do
  $b awk -v name=/$name.ko: 'index($1, name) { for (i = NF; i > 1; i--) print $i; sub(":", "", $1); print $1 }' \\
    $modules/modules.dep | while read -r file; do $b insmod $modules/$file; done
done
${addresses.map((address) => `$b ip addr add ${address} dev ${device}\n`).join('')}$b ip link set ${device} up
echo GUEST-READY
if [ -f ${base}.run ]; then $b sh ${base}.run </dev/null; echo GUEST-RAN $?; fi
while read -r n; do
  $b sh ${base}.$n.sh >${base}.$n.out 2>&1 </dev/null
  echo $? >${base}.$n.tmp
  $b mv ${base}.$n.tmp ${base}.$n.code
done
$b poweroff -f
`
}

export class Guest {
  readonly #base: string
  #commands = 0
  #last: Promise<unknown> = Promise.resolve()

  private constructor(
    readonly running: Running,
    /** The guest's name for UML (`umid`). */
    readonly umid: string,
    readonly dir: string,
    /** The guest's device, such as eth0. */
    readonly device: string,
  ) {
    this.#base = join(dir, umid)
  }

  /** Called by `Host.uml`. */
  static async boot(
    host: Host,
    id: string,
    addresses: readonly string[],
    umlArgs: readonly string[],
    options: GuestOptions,
  ): Promise<Guest> {
    const { dir } = host
    const umid = `${host.namespace}-${id}`
    const device = umlArgs.map((arg) => /^((?:eth|vec)\d+)[=:]/.exec(arg)?.[1]).find(Boolean) ?? 'eth0'
    const init = join(dir, `${umid}.init`)
    writeFileSync(init, initScript(dir, umid, device, addresses, options), { mode: 0o755 })
    if (options.run) writeFileSync(join(dir, `${umid}.run`), options.run)
    const root = ['root=none', 'rootfstype=hostfs', 'rootflags=/', 'ro', `init=${init}`]
    const console = ['con=null', 'con0=fd:0,fd:1', 'quiet']
    const names = [`umid=${umid}`, `uml_dir=${join(dir, 'uml')}`, `mem=${options.memory ?? '128M'}`]
    // In a pid namespace, since UML's helper processes may outlive it, whatever signal ends it: there the kernel
    // ends them all with the first. unshare itself only passes on that it was killed.
    const contained = [
      '--pid',
      '--fork',
      '--kill-child=KILL',
      'linux.uml',
      ...names,
      ...root,
      ...console,
      ...umlArgs,
    ]
    const running = host.spawn('unshare', contained, {
      endSignal: 'SIGKILL',
      env: options.env,
    })
    await running.waitForLine(/^GUEST-READY/, kBootMs)
    return new Guest(running, umid, dir, device)
  }

  /** Of the process that contains the guest; SIGKILL to it ends the guest at once. */
  get pid(): number {
    return this.running.pid
  }

  /** All that was printed on the guest's console. */
  get console(): string {
    return this.running.stdout
  }

  /** The socket of UML's management console. */
  get mconsole(): string {
    return join(this.dir, 'uml', this.umid, 'mconsole')
  }

  get exited(): Promise<Exit> {
    return this.running.exited
  }

  waitForLine(pattern: RegExp, timeoutMs = 10_000): Promise<RegExpExecArray> {
    return this.running.waitForLine(pattern, timeoutMs)
  }

  /**
   * Runs a command in the guest's shell (busybox: its applets come before programs of the same name). Commands
   * run one after another; one that takes too long is an error, and the guest is busy with it still.
   */
  sh(command: string, timeoutMs = 10_000): Promise<GuestResult> {
    const result = this.#last.then(() => this.#run(command, timeoutMs))
    this.#last = result.catch(() => {})
    return result
  }

  /** Switches the guest off the hard way. */
  kill(): Promise<Exit> {
    return this.running.kill()
  }

  async #run(command: string, timeoutMs: number): Promise<GuestResult> {
    const number = String(++this.#commands)
    const file = (kind: string) => `${this.#base}.${number}.${kind}`
    writeFileSync(file('sh'), `${command}\n`)
    this.running.write(`${number}\n`)
    await eventually(
      () => existsSync(file('code')) || this.running.exit !== undefined,
      timeoutMs,
      `the end of '${command}' in guest ${this.umid}`,
    )
    if (!existsSync(file('code')))
      throw new Error(`guest ${this.umid} ended during '${command}':\n${this.console}`)
    const result = {
      code: Number(readFileSync(file('code'), 'utf8')),
      output: readFileSync(file('out'), 'utf8'),
    }
    for (const kind of ['sh', 'out', 'code']) rmSync(file(kind))
    return result
  }
}
