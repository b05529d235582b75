// The dependency rule: core <- engine <- ports <- node <- lib/binding.ts <- lib <- lib/cli, bench, test. Whoever stands
// on the left knows nothing of what stands on the right.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, normalize } from 'node:path'
import ts from 'typescript'
import { projectRoot } from '../support/child.js'
import { read, sourcesBelow } from './files.js'

const kMostLines = 400

/** What each folder of native/ may include from. */
const kMayInclude: Record<string, string[]> = {
  core: ['core'],
  engine: ['core', 'engine'],
  ports: ['core', 'engine', 'ports'],
  node: ['core', 'engine', 'ports', 'node'],
  helper: ['core', 'helper'],
  test: ['core', 'engine', 'ports', 'helper', 'test'],
  fuzz: ['core', 'engine', 'ports', 'helper', 'test', 'fuzz'],
  bench: ['core', 'engine', 'ports', 'bench'],
}

/** Pure C++: no threads, no clocks, no files, nothing of the system; immintrin.h is the compiler's. */
const kForCore = new Set(
  `algorithm array atomic bit bitset charconv compare concepts cstddef cstdint cstring functional immintrin.h
   initializer_list iterator limits map memory numeric optional set span string string_view tuple type_traits unordered_map utility variant
   vector`.split(/\s+/),
)

const native = sourcesBelow('native', '.h', '.cpp')
const lib = sourcesBelow('lib', '.ts')

/** Headers as they are named from native/ on; one without a folder stands beside the file that includes it. */
function includes(file: string, kind: 'quoted' | 'system'): string[] {
  const pattern = kind === 'quoted' ? /^\s*#\s*include\s*"([^"]+)"/gm : /^\s*#\s*include\s*<([^>]+)>/gm
  const named = [...read(file).matchAll(pattern)].map((match) => match[1]!)
  if (kind === 'system') return named
  return named.map((name) =>
    name.includes('/') ? name : `${dirname(file).replace(/^native\//, '')}/${name}`,
  )
}

/** What a module imports: project files relative to the root, packages as they are named. Types count as well. */
function imports(file: string): string[] {
  return ts.preProcessFile(read(file), true, true).importedFiles.map(({ fileName }) => {
    if (!fileName.startsWith('.')) return fileName
    return normalize(join(dirname(file), fileName)).replace(/\.js$/, '.ts')
  })
}

function violations(
  files: string[],
  of: (file: string) => string[],
  allowed: (what: string, by: string) => boolean,
) {
  return files.flatMap((file) =>
    of(file)
      .filter((what) => !allowed(what, file))
      .map((what) => `${file} -> ${what}`),
  )
}

const folder = (path: string) => path.split('/')[1]!

describe('structure: native', () => {
  it('has files to look at', () => {
    assert.ok(native.length > 30 && lib.length > 10)
  })

  it('includes go from right to left only, and are there', () => {
    const bad = violations(
      native,
      (file) => includes(file, 'quoted'),
      (what, by) => {
        const layers = kMayInclude[folder(by)]
        assert.ok(layers, `${by} is in a folder of native/ that no rule is known for`)
        return layers.includes(what.split('/')[0]!) && existsSync(join(projectRoot, 'native', what))
      },
    )
    assert.deepEqual(bad, [])
  })

  it('a port includes no other port', () => {
    const ports = native.filter((file) => folder(file) === 'ports' && !/ports\/registry\./.test(file))
    const own = (file: string) => file.replace(/^native\//, '').replace(/\.(h|cpp)$/, '.h')
    const bad = violations(
      ports,
      (file) => includes(file, 'quoted').filter((what) => what.startsWith('ports/')),
      (what, by) => what === own(by) || /^ports\/(codec|wrap)\//.test(what),
    )
    assert.deepEqual(bad, [])
  })

  it('codecs are pure parsers: core alone, and no system headers', () => {
    const codecs = native.filter((file) => file.startsWith('native/ports/codec/'))
    const quoted = violations(
      codecs,
      (file) => includes(file, 'quoted'),
      (what) => /^(core|ports\/codec)\//.test(what),
    )
    const system = violations(
      codecs,
      (file) => includes(file, 'system'),
      (what) => kForCore.has(what),
    )
    assert.deepEqual([...quoted, ...system], [])
  })

  it('core is pure: no headers of the system, of threads or of clocks', () => {
    const core = native.filter((file) => folder(file) === 'core')
    const bad = violations(
      core,
      (file) => includes(file, 'system'),
      (what) => kForCore.has(what),
    )
    assert.deepEqual(bad, [])
  })

  it('only native/node knows Node-API and libuv', () => {
    const bad = violations(
      native.filter((file) => folder(file) !== 'node'),
      (file) => [...includes(file, 'system'), ...includes(file, 'quoted')],
      (what) => !/^(napi|node_api|js_native_api|node|uv|v8)(-inl|_types)?\.h$/.test(what),
    )
    assert.deepEqual(bad, [])
  })

  it('every source is in native/sources.cjs, in its layer, and what stands there is a file', () => {
    const load = createRequire(import.meta.url)
    const { layers } = load('../../native/sources.cjs') as { layers: Record<string, string[]> }
    for (const [layer, files] of Object.entries(layers)) {
      for (const file of files)
        assert.equal(folder(`native/${file}`), layer, `${file} stands in layer ${layer}`)
    }
    const listed = Object.values(layers)
      .flat()
      .map((file) => `native/${file}`)
    assert.equal(new Set(listed).size, listed.length, 'a file stands there twice')
    const apart = ['test', 'fuzz', 'bench']
    const present = native.filter((file) => file.endsWith('.cpp') && !apart.includes(folder(file)))
    assert.deepEqual(listed.sort(), present)
  })

  it('headers have one guard: #pragma once', () => {
    const headers = native.filter((file) => file.endsWith('.h'))
    assert.deepEqual(
      headers.filter((file) => !/^#pragma once$/m.test(read(file))),
      [],
    )
  })
})

describe('structure: lib', () => {
  it('lib/spec imports nothing outside itself', () => {
    const spec = lib.filter((file) => file.startsWith('lib/spec/'))
    assert.ok(spec.length > 5)
    assert.deepEqual(
      violations(spec, imports, (what) => what.startsWith('lib/spec/')),
      [],
    )
  })

  it('only lib/binding.ts touches the addon', () => {
    const files = [...lib, ...sourcesBelow('bench', '.ts', '.mjs', '.js')].filter(
      (file) => file !== 'lib/binding.ts',
    )
    assert.deepEqual(
      violations(files, imports, (what) => what !== 'node-gyp-build' && !what.endsWith('.node')),
      [],
    )
    assert.deepEqual(
      // The helper that is built beside it is a program, and no addon.
      files.filter((file) => /['"`]node-gyp-build['"`]|build\/Release(?!\/uml_net\b)/.test(read(file))),
      [],
    )
  })

  it('lib does not know the commands, and neither knows benches and tests', () => {
    const library = lib.filter((file) => !file.startsWith('lib/cli/'))
    assert.deepEqual(
      violations(library, imports, (what) => !what.startsWith('lib/cli/')),
      [],
    )
    assert.deepEqual(
      violations(lib, imports, (what) => !/^(bench|test|scripts|dist)\//.test(what)),
      [],
    )
  })

  it('what lib imports from outside is Node or a dependency', () => {
    const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> }
    const known = (what: string) =>
      what.startsWith('node:') ||
      what.startsWith('lib/') ||
      what === 'package.json' ||
      what.split('/')[0]! in dependencies
    assert.deepEqual(violations(lib, imports, known), [])
  })

  it('lib/index.ts only re-exports', () => {
    const source = ts.createSourceFile('index.ts', read('lib/index.ts'), ts.ScriptTarget.Latest)
    const others = source.statements.filter((each) => !(ts.isExportDeclaration(each) && each.moduleSpecifier))
    assert.equal(others.length, 0)
  })
})

describe('structure: size', () => {
  it(`no file of native/ or lib/ is longer than ${kMostLines} lines`, () => {
    const lines = (file: string) => read(file).split('\n').length - 1
    const files = [...native, ...lib].filter((file) => lines(file) > kMostLines)
    assert.deepEqual(
      files.map((file) => `${file}: ${lines(file)}`),
      [],
    )
  })
})
