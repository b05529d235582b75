// The compiler, make and python3 that node-gyp needs. Looked at only when there is something to build.
import { aptCommand, aptInstall, aptUpdate, canInstall } from './apt.mjs'
import { SetupError, findProgram, run, step } from './command.mjs'

const kProgram =
  '#include <concepts>\n#include <span>\nint main() { return std::span<int>{}.empty() ? 0 : 1; }\n'

const compiler = () => process.env.CXX ?? 'g++'

/** Can the compiler do C++20, with its library? Returns what it said when not. */
export async function compilerProblem() {
  if (!findProgram(compiler())) return `${compiler()} is not installed`
  try {
    await run(compiler(), ['-std=c++20', '-fsyntax-only', '-x', 'c++', '-'], { input: kProgram })
    return undefined
  } catch (error) {
    return error.message
  }
}

/** Makes sure that the addon can be built: installs the tools when root, else says exactly how. */
export async function ensureToolchain() {
  const packages = [
    ...(findProgram(compiler()) ? [] : ['g++']),
    ...['make', 'python3'].filter((name) => !findProgram(name)),
  ]
  if (packages.length > 0) {
    if (!canInstall()) {
      const names = packages.join(', ')
      throw new SetupError(
        `the native core must be compiled, but ${names} ${packages.length > 1 ? 'are' : 'is'} not installed. ` +
          `Install with:\n\n    ${aptCommand(['g++', 'make', 'python3'])}\n`,
      )
    }
    await step(`installing ${packages.join(' ')}`, async () => {
      await aptUpdate()
      await aptInstall(packages)
    })
  }
  const problem = await compilerProblem()
  if (problem) {
    throw new SetupError(
      `${compiler()} can't compile C++20, which the native core needs (GCC 10 or later). ` +
        `With another compiler: CXX=g++-12 npm start\n\n${problem}`,
    )
  }
}
