// From a bare checkout to a runnable ethercast: dependencies, native core, TypeScript, and for tests the peers.
// Each step does nothing, and prints nothing, when it was done before and its inputs are the same.
import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SetupError, findProgram, run, step } from './command.mjs'
import { filesBelow, fingerprint, isStamped, stamp } from './fingerprint.mjs'
import { installPeers, missingPeers } from './peers.mjs'
import { withSetupLock } from './setup_lock.mjs'
import { ensureToolchain } from './toolchain.mjs'

export const projectRoot = dirname(dirname(fileURLToPath(import.meta.url)))

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'))

/** Throws unless this is Linux with a Node that package.json allows. */
export function checkPlatform(root = projectRoot, node = process.versions.node, platform = process.platform) {
  if (platform !== 'linux') throw new SetupError(`ethercast runs on Linux; this is ${platform}`)
  const wanted = /(\d+)(?:\.(\d+))?/.exec(readJson(join(root, 'package.json')).engines.node)
  const [major, minor] = node.split('.').map(Number)
  const [wantedMajor, wantedMinor] = [Number(wanted[1]), Number(wanted[2] ?? 0)]
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return
  throw new SetupError(
    `needs Node.js ${wantedMajor}.${wantedMinor} or later; this is ${node} (${process.execPath}). ` +
      `See https://nodejs.org/en/download`,
  )
}

// Somebody may have run `npm install` by hand: npm's own record of what it installed then agrees with the lock.
function installedAgrees(root) {
  const record = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(record)) return false
  const installed = readJson(record).packages
  return Object.entries(readJson(join(root, 'package-lock.json')).packages).every(
    ([path, { version, optional, os, cpu }]) =>
      path === '' || optional || os || cpu || installed[path]?.version === version,
  )
}

const npmVersionOf = (root, name) => readJson(join(root, 'node_modules', name, 'package.json')).version

// npm tells its scripts which npm runs them; prefer that one to whatever PATH finds.
function npm() {
  const path = process.env.npm_execpath ?? ''
  if (path.endsWith('npm-cli.js')) return [process.execPath, path]
  if (findProgram('npm')) return ['npm']
  throw new SetupError('npm is not installed; it comes with Node.js: https://nodejs.org/en/download')
}

/** The npm packages of package-lock.json. */
export async function ensureDependencies(root = projectRoot) {
  const value = fingerprint(root, [join(root, 'package-lock.json')])
  if (isStamped(root, 'dependencies', value)) return
  if (!installedAgrees(root)) {
    await step('installing npm dependencies', async () => {
      // Without scripts: our own would compile the addon, silently and with no compiler check.
      const args = ['ci', '--ignore-scripts', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']
      const [command, ...first] = npm()
      await run(command, [...first, ...args], { cwd: root, shownAs: `npm ${args.join(' ')}` })
    })
  }
  stamp(root, 'dependencies', value)
}

// Node's headers often lie next to it; then nothing has to be downloaded.
function headersArgument() {
  const prefix = dirname(dirname(process.execPath))
  const header = join(prefix, 'include', 'node', 'node_version.h')
  if (!existsSync(header)) return []
  const text = readFileSync(header, 'utf8')
  const number = (name) => new RegExp(`#define NODE_${name}_VERSION (\\d+)`).exec(text)?.[1]
  const version = ['MAJOR', 'MINOR', 'PATCH'].map(number).join('.')
  return version === process.versions.node ? [`--nodedir=${prefix}`] : []
}

/** The addon, build/Release/ethercast.node. */
export async function ensureNative(root = projectRoot) {
  const inputs = [join(root, 'binding.gyp'), ...filesBelow(join(root, 'native'), { without: kNotInAddon })]
  const facts = [process.versions.modules, process.arch, npmVersionOf(root, 'node-addon-api')]
  const value = fingerprint(root, inputs, facts)
  if (existsSync(join(root, 'build/Release/ethercast.node')) && isStamped(root, 'native', value)) return
  await ensureToolchain()
  await step('building the native core (once, about a minute)', async (progress) => {
    const gyp = join(root, 'node_modules/.bin/node-gyp')
    const nodeGyp = (args, onLine) =>
      run(process.execPath, [gyp, ...args], { cwd: root, onLine, shownAs: `npx node-gyp ${args.join(' ')}` })
    await nodeGyp(['configure', '--release', ...headersArgument()])
    let compiled = 0
    await nodeGyp(['build', '--release', '-j', String(availableParallelism())], (line) => {
      if (/^\s*(CXX|CC)\(/.test(line)) progress(`${++compiled} files`)
    })
  })
  stamp(root, 'native', value)
}

// Parts of native/ that the addon is not made of.
const kNotInAddon = ['test', 'fuzz', 'bench']

/** The JavaScript of lib/, in dist/. */
export async function ensureTypeScript(root = projectRoot) {
  const configs = ['tsconfig.json', 'tsconfig.build.json'].map((name) => join(root, name))
  const inputs = [...configs, ...filesBelow(join(root, 'lib'))]
  const value = fingerprint(root, inputs, [npmVersionOf(root, 'typescript')])
  if (existsSync(join(root, 'dist/index.js')) && isStamped(root, 'typescript', value)) return
  await step('compiling TypeScript', async () => {
    const args = ['-p', 'tsconfig.build.json']
    const tsc = join(root, 'node_modules/.bin/tsc')
    await run(process.execPath, [tsc, ...args], { cwd: root, shownAs: `npx tsc ${args.join(' ')}` })
  })
  stamp(root, 'typescript', value)
}

/** The programs that tests meet. Not having them is no failure here: tests say what they miss. */
export async function ensurePeers() {
  const missing = missingPeers()
  if (missing.length === 0) return
  const names = missing.map((peer) => peer.package).join(' ')
  const result =
    process.getuid?.() === 0
      ? await step(`installing test peers (${names})`, () => installPeers(missing))
      : await installPeers(missing)
  if (result.missing.length === 0) return
  const list = result.missing.map((peer) => `    ${peer.program} (${peer.neededFor})\n`).join('')
  process.stderr.write(
    `ethercast: not installed, so what needs them is skipped:\n${list}` +
      `  Install with:\n\n    ${result.command}\n\n`,
  )
}

/** The C++ tests, in out/native. */
export async function ensureNativeTests(root = projectRoot) {
  const inputs = [join(root, 'CMakeLists.txt'), ...filesBelow(join(root, 'native'))]
  const value = fingerprint(root, inputs)
  if (existsSync(join(root, 'out/native/CMakeCache.txt')) && isStamped(root, 'native-tests', value)) return
  await ensureToolchain()
  await step('building the C++ tests', async () => {
    await run('cmake', ['-S', '.', '-B', 'out/native', '-DCMAKE_BUILD_TYPE=RelWithDebInfo'], { cwd: root })
    await run('cmake', ['--build', 'out/native', '-j', String(availableParallelism())], { cwd: root })
  })
  stamp(root, 'native-tests', value)
}

/**
 * All that is needed to run ethercast from this checkout. `peers` adds the programs that tests and benches
 * meet, `nativeTests` the C++ tests. Throws SetupError with what to do.
 */
export async function setup({ peers = false, nativeTests = false, root = projectRoot } = {}) {
  checkPlatform(root)
  await withSetupLock(root, async () => {
    if (peers) await ensurePeers()
    await ensureDependencies(root)
    await ensureNative(root)
    await ensureTypeScript(root)
    if (nativeTests) await ensureNativeTests(root)
  })
}
