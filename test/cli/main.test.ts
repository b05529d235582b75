/** `ethercast` itself: help, version, and what is said to typing errors. */

import assert from 'node:assert/strict'
import { assertRefused, ethercast } from './cli.js'

const COMMANDS = [
  'join',
  'switch',
  'run',
  'slirp',
  'ping',
  'dump',
  'plan',
  'up',
  'down',
  'status',
  'schema',
  'mconsole',
  'tunctl',
  'doctor',
  'helper',
  'demo',
]
const longLines = (text: string) => text.split('\n').filter((line) => line.length > 80)

describe('cli: main', () => {
  it('--help lists every command, and fits into 80 columns', async () => {
    const { code, stdout, stderr } = await ethercast('--help')
    assert.equal(code, 0, stderr)
    for (const name of COMMANDS) assert.match(stdout, new RegExp(`^  ${name} `, 'm'))
    assert.match(stdout, /Examples:/)
    assert.deepEqual(longLines(stdout), [])
  })

  for (const name of ['join', 'ping', 'dump', 'mconsole']) {
    it(`${name} --help has options, examples and exit codes, and fits into 80 columns`, async () => {
      const { code, stdout, stderr } = await ethercast(name, '--help')
      assert.equal(code, 0, stderr)
      assert.match(stdout, new RegExp(`^Usage: ethercast ${name} `))
      assert.match(stdout, /Options:[^]*--json[^]*Examples:\n {2}ethercast [^]*Exit code: 0 /)
      assert.deepEqual(longLines(stdout), [])
    })
  }

  for (const name of COMMANDS) {
    it(`help ${name} fits into 80 columns`, async () => {
      const { code, stdout, stderr } = await ethercast('help', name)
      assert.equal(code, 0, stderr)
      assert.match(stdout, new RegExp(`^Usage: ethercast ${name} `))
      assert.deepEqual(longLines(stdout), [])
    })
  }

  it('--version is that of the package', async () => {
    const { code, stdout } = await ethercast('--version')
    assert.equal(code, 0)
    assert.match(stdout, /^\d+\.\d+\.\d+\n$/)
  })

  it('no command at all is wrong usage, and shows the help', async () => {
    assertRefused(await ethercast(), /^Usage: ethercast/)
  })

  it('an unknown command is wrong usage, and the nearest is named', async () => {
    assertRefused(await ethercast('joim', 'mcast'), /^ethercast: unknown command 'joim'\n.*join/)
  })

  it('an unknown option is wrong usage, and the help is pointed at', async () => {
    assertRefused(
      await ethercast('join', 'mcast', '--jason'),
      /unknown option '--jason'[^]*ethercast help join/,
    )
  })
})
