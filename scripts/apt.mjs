// Debian's and Ubuntu's package manager: installs when we are root, else says what to type.
import { SetupError, findProgram, isRoot, run, step } from './command.mjs'

const kOptions = [
  '-y',
  '--no-install-recommends',
  '-o',
  'DPkg::Lock::Timeout=120',
  '-o',
  'Acquire::Retries=2',
]

/** What a person types to install these packages. */
export function aptCommand(packages) {
  return `${isRoot() ? '' : 'sudo '}apt-get install ${packages.join(' ')}`
}

/** Can this process install packages itself? */
export function canInstall() {
  return isRoot() && findProgram('apt-get') !== undefined
}

/** Refreshes the package lists. One unreachable source is no reason to stop: the install then says what is missing. */
export async function aptUpdate() {
  await run('apt-get', ['update', '-q'], { env: kEnv }).catch(() => {})
}

const kEnv = { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' }

/** Installs packages; needs `canInstall()`. Throws SetupError with apt-get's own words. */
export async function aptInstall(packages) {
  await run('apt-get', ['install', ...kOptions, ...packages], { env: kEnv })
}

/** Installs packages that `what` needs when we are root; else throws SetupError with what to type. */
export async function ensurePackages(what, packages) {
  if (!canInstall()) throw new SetupError(`${what} is not installed: ${aptCommand(packages)}`)
  await step(`installing ${packages.join(' ')}`, async () => {
    await aptUpdate()
    await aptInstall(packages)
  })
}

/** Makes sure that a program is there; `packages` are those that bring it, by default one of its name. */
export async function ensureProgram(program, packages = [program]) {
  if (!findProgram(program)) await ensurePackages(program, packages)
}
