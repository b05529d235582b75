// Builds and runs the native tests under AddressSanitizer with UndefinedBehaviorSanitizer, and under ThreadSanitizer;
// with `--fuzz SECONDS` every fuzz target as well, that long each. One line a step; exit code 1 if anything was found.
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { arch, availableParallelism } from 'node:os'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { ensurePackages, ensureProgram } from './apt.mjs'
import { SetupError, findProgram, main, run, step } from './command.mjs'
import { projectRoot } from './setup.mjs'

const inRoot = { cwd: projectRoot }

const kSanitizers = [
  { name: 'asan', flags: 'address,undefined', title: 'AddressSanitizer and UndefinedBehaviorSanitizer' },
  { name: 'tsan', flags: 'thread', title: 'ThreadSanitizer' },
]

// Everything that is found ends the run, leaks included.
const kOptions = {
  ASAN_OPTIONS: 'detect_leaks=1:abort_on_error=0:strict_string_checks=1:detect_stack_use_after_return=1',
  UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
  TSAN_OPTIONS: 'halt_on_error=1:second_deadlock_stack=1',
}

/** clang with the runtime of its fuzzer, which Debian packs apart. */
async function ensureFuzzer() {
  const packages = ['clang', 'libclang-rt-dev']
  await ensureProgram('clang++', packages)
  const input = 'extern "C" int LLVMFuzzerTestOneInput(const char*, unsigned long) { return 0; }'
  const args = ['-x', 'c++', '-fsanitize=fuzzer,address,undefined', '-o', '/dev/null', '-']
  await run('clang++', args, { input }).catch(() => ensurePackages("clang's runtime for fuzzing", packages))
}

async function build(folder, ...options) {
  const fresh = !existsSync(join(projectRoot, folder, 'CMakeCache.txt'))
  const generator = fresh && findProgram('ninja') ? ['-G', 'Ninja'] : []
  await run('cmake', ['-S', '.', '-B', folder, ...generator, ...options], inRoot)
  await run('cmake', ['--build', folder, '--parallel', String(availableParallelism())], inRoot)
}

/** ThreadSanitizer wants its own layout of addresses, which some kernels' randomization does not leave it. */
async function runTests(program) {
  try {
    return await run(program, [], { ...inRoot, env: kOptions })
  } catch (error) {
    if (!/unexpected memory mapping/.test(error.message) || !findProgram('setarch')) throw error
    const machine = { x64: 'x86_64', arm64: 'aarch64' }[arch()] ?? arch()
    return run('setarch', [machine, '-R', program], { ...inRoot, env: kOptions })
  }
}

async function sanitize({ name, flags, title }) {
  const folder = `out/${name}`
  await step(`building the native tests for ${title}`, () => build(folder, `-DETHERCAST_SANITIZE=${flags}`))
  await step(`native tests under ${title}`, () => runTests(`${folder}/ethercast_native_tests`))
}

/** The committed inputs are only read: what the fuzzer finds on its way goes into a copy. */
function workingCorpus(target) {
  const work = join(projectRoot, 'out/fuzz/corpus', target)
  rmSync(work, { recursive: true, force: true })
  mkdirSync(work, { recursive: true })
  const seeds = join(projectRoot, 'native/fuzz/corpus', target)
  if (existsSync(seeds)) cpSync(seeds, work, { recursive: true })
  return work
}

async function fuzz(seconds) {
  await ensureFuzzer()
  await step('building the fuzz targets', () =>
    build('out/fuzz', '-DCMAKE_CXX_COMPILER=clang++', '-DETHERCAST_FUZZ=ON', '-DETHERCAST_TESTS=OFF'),
  )
  const targets = readdirSync(join(projectRoot, 'native/fuzz')).filter((file) => file.endsWith('.cpp'))
  for (const target of targets.map((file) => basename(file, '.cpp')).sort()) {
    // A crash's input is left in out/fuzz/, to be run again: out/fuzz/fuzz_TARGET FILE.
    const args = [
      `-max_total_time=${seconds}`,
      // Seconds for one input: a loaded machine takes its time.
      '-timeout=60',
      `-artifact_prefix=out/fuzz/${target}-`,
      workingCorpus(target),
    ]
    await step(`fuzzing ${target} for ${seconds} s`, () =>
      run(`out/fuzz/fuzz_${target}`, args, { ...inRoot, env: kOptions }),
    )
  }
}

await main(async () => {
  const { values } = parseArgs({ options: { fuzz: { type: 'string', default: '0' } } })
  const seconds = Number(values.fuzz)
  if (!Number.isInteger(seconds) || seconds < 0) {
    throw new SetupError(`--fuzz ${values.fuzz}: a whole number of seconds is wanted`)
  }
  await ensureProgram('cmake')
  // The others still run when one has failed: a single run tells all there is to mend.
  let failed = 0
  const attempt = async (action) => {
    try {
      await action()
    } catch (error) {
      if (!(error instanceof SetupError)) throw error
      failed += 1
      process.stderr.write(`${error.message}\n`)
    }
  }
  for (const sanitizer of kSanitizers) await attempt(() => sanitize(sanitizer))
  if (seconds > 0) await attempt(() => fuzz(seconds))
  return failed === 0 ? 0 : 1
})
