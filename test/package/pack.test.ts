/** What a user gets: the tarball, installed into an empty folder, runs the README's library example. */

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { manualPages } from '../../scripts/man/pages.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The block of the README that is marked as run by the tests. */
function readmeExample(): string {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const block = /<!-- example[^>]*-->\s*```js\n([\s\S]*?)```\s*<!-- \/example -->/.exec(readme)
  assert.ok(block, 'the README has a marked example')
  return block[1]!
}

/** Node's headers where they lie next to it, so that compiling the addon downloads nothing. */
function headers(): NodeJS.ProcessEnv {
  const prefix = dirname(dirname(process.execPath))
  return existsSync(join(prefix, 'include/node/node_api.h')) ? { npm_config_nodedir: prefix } : {}
}

describe('the package', function () {
  this.timeout(240_000)
  const folder = mkdtempSync(join(tmpdir(), 'ethercast-pack-'))
  let files: string[]

  before(async function () {
    // As prepack does, but for dist/, which is there and in use by others.
    mkdirSync(join(root, 'man'), { recursive: true })
    for (const [file, text] of await manualPages('2026-01-31')) writeFileSync(join(root, 'man', file), text)
    const packed = JSON.parse(
      execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
        cwd: root,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    ) as
      | [{ filename: string; files: { path: string }[] }]
      | Record<string, { filename: string; files: { path: string }[] }>
    const [{ filename, files: list }] = Object.values(packed) as [
      { filename: string; files: { path: string }[] },
    ]
    files = list.map(({ path }) => path)
    writeFileSync(
      join(folder, 'package.json'),
      JSON.stringify({ name: 'user', private: true, type: 'module' }),
    )
    execFileSync('npm', ['install', '--no-audit', '--no-fund', join(folder, filename)], {
      cwd: folder,
      env: { ...process.env, ...headers() },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('holds what a user needs and nothing else', () => {
    for (const needed of [
      'README.md',
      'LICENSE',
      'dist/index.js',
      'dist/index.d.ts',
      'dist/cli/main.js',
      'binding.gyp',
      'man/ethercast.1',
      'man/ethercast.yaml.5',
      'man/uml_net.8',
      'schema/ethercast.schema.json',
      'packaging/ethercast.service',
      'packaging/ethercast.init',
    ]) {
      assert.ok(files.includes(needed), `${needed} is packed`)
    }
    const foreign = files.filter(
      (path) =>
        !/^(README\.md|LICENSE|package\.json|binding\.gyp|dist\/|man\/[\w.-]+\.[158]$|schema\/|packaging\/|examples\/|native\/(sources\.cjs|core|engine|helper|ports|node)\b)/.test(
          path,
        ),
    )
    assert.deepEqual(foreign, [])
    assert.ok(!files.some((path) => /\.(test|bench)\.|native\/(test|fuzz|bench)\//.test(path)))
  })

  it('has the program for UML kernels, built with the addon', () => {
    const program = join(folder, 'node_modules/ethercast/build/Release/uml_net')
    const run = spawnSync(program, ['4'], { encoding: 'utf8', timeout: 20_000 })
    assert.match(run.stderr, /^uml_net: too few arguments: UML starts it by itself/)
    assert.equal(run.status, 1)
  })

  it('runs the example of the README', () => {
    writeFileSync(join(folder, 'example.js'), readmeExample())
    const run = spawnSync(process.execPath, ['example.js'], {
      cwd: folder,
      encoding: 'utf8',
      timeout: 20_000,
    })
    assert.equal(run.stderr, '')
    assert.equal(run.status, 0)
    assert.match(run.stdout, /^19 octets: hello$/m)
  })

  it('has the command', () => {
    const run = spawnSync(join(folder, 'node_modules/.bin/ethercast'), ['--version'], {
      encoding: 'utf8',
      timeout: 20_000,
    })
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
    assert.equal(run.stdout.trim(), version)
    assert.equal(run.status, 0)
  })
})
