// What a reader needs to know of the machine to compare figures.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os'

export interface HostFacts {
  date: string
  ethercast: string
  node: string
  kernel: string
  cpu: string
  cores: number
  memoryMiB: number
  governor: string
  virtual: string
  compiler: string
  /** Load average of the minute before: what else the machine was doing. */
  load: number
}

function text(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return undefined
  }
}

function firstLine(program: string, ...args: string[]): string | undefined {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split(
      '\n',
    )[0]
  } catch {
    return undefined
  }
}

const packageVersion = () =>
  (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string })
    .version

export function hostFacts(): HostFacts {
  return {
    date: new Date().toISOString(),
    ethercast: packageVersion(),
    node: process.version,
    kernel: release(),
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryMiB: Math.round(totalmem() / 2 ** 20),
    governor: text('/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor') ?? 'unknown',
    virtual: /\bhypervisor\b/.test(text('/proc/cpuinfo') ?? '') ? 'yes' : 'no',
    compiler: firstLine('c++', '--version') ?? 'unknown',
    load: loadavg()[0]!,
  }
}

/** The most that an ordinary program gets for SO_RCVBUF, in octets as asked for. */
export function receiveBufferLimit(): number {
  return Number(text('/proc/sys/net/core/rmem_max') ?? 212_992)
}
