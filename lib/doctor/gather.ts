/**
 * The facts of this host. Only reads, runs `--version` of programs on PATH, and binds sockets for a moment; sends nothing.
 */

import { execFile } from 'node:child_process'
import { accessSync, constants, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { arch, release } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { HostFacts, ProgramFacts, Refusal } from './facts.js'

type Binding = typeof import('../binding.js')

/** A program that does not say its version in this time has none, in milliseconds. */
const VERSION_TIMEOUT_MS = 3000
/** Node's names of architectures, and QEMU's. */
const QEMU_ARCH: Record<string, string> = {
  x64: 'x86_64',
  arm64: 'aarch64',
  ia32: 'i386',
  riscv64: 'riscv64',
  ppc64: 'ppc64',
  s390x: 's390x',
}

export async function gatherFacts(): Promise<HostFacts> {
  const require = createRequire(import.meta.url)
  const { engines } = require('../../package.json') as { engines: { node: string } }
  const [binding, uml, qemu] = await Promise.all([
    loadBinding(),
    program('linux.uml', 'uml'),
    program(`qemu-system-${QEMU_ARCH[arch()] ?? arch()}`, 'qemu'),
  ])
  const native = 'error' in binding ? undefined : binding
  return {
    node: process.versions.node,
    engines: engines.node,
    addon:
      native === undefined ? { error: (binding as { error: string }).error } : { path: addonPath(require) },
    kernel: release(),
    libc: libc(),
    root: process.geteuid?.() === 0,
    openFiles: openFiles(),
    programs: [uml, qemu],
    interfaces: native?.interfaces() ?? [],
    routeTo: (address, index) => attempt(() => native!.routeTo(address, index)),
    probeBind: (address, port, shared) => attempt(() => native!.probeBind(address, port, shared)),
    sysctl: (path) => readText(join('/proc/sys', path)),
  }
}

/** Loaded only here, so that the doctor can say why it does not load. */
async function loadBinding(): Promise<Binding | { error: string }> {
  try {
    return await import('../binding.js')
  } catch (error) {
    const cause = (error as { cause?: unknown }).cause
    return {
      error: messageOf(cause ?? error)
        .trim()
        .split('\n')[0]!,
    }
  }
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

function addonPath(require: NodeJS.Require): string {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  return (require('node-gyp-build') as { resolve(root: string): string }).resolve(root)
}

/** The kernel's answer, or the name of its errno. */
function attempt<T>(call: () => T): T | Refusal {
  try {
    return call()
  } catch (error) {
    const { errno, code } = error as { errno?: string; code?: string }
    return { errno: errno ?? code ?? messageOf(error) }
  }
}

function libc(): string {
  // The report would look up names of open sockets' peers otherwise, which takes its time.
  const report = process.report as NodeJS.ProcessReport & { excludeNetwork?: boolean }
  report.excludeNetwork = true
  const { header } = report.getReport() as unknown as { header: { glibcVersionRuntime?: string } }
  return header.glibcVersionRuntime === undefined ? 'not glibc' : `glibc ${header.glibcVersionRuntime}`
}

function openFiles(): number | undefined {
  const limit = /^Max open files\s+(\S+)/m.exec(readText('/proc/self/limits') ?? '')?.[1]
  if (limit === undefined) return undefined
  return limit === 'unlimited' ? Infinity : Number(limit)
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return undefined
  }
}

async function program(name: string, role: ProgramFacts['role']): Promise<ProgramFacts> {
  const path = (process.env.PATH ?? '')
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => join(folder, name))
    .find(isExecutable)
  if (path === undefined) return { name, role, version: undefined }
  try {
    const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: VERSION_TIMEOUT_MS })
    return { name, role, version: /\d+(\.\d+)+/.exec(stdout)?.[0] ?? '' }
  } catch {
    return { name, role, version: '' }
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
