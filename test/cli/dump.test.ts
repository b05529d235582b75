/** `ethercast dump`: what it prints and records of frames that this process sends on loopback groups. */

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from '../../lib/index.js'
import type { HostPort } from '../../lib/index.js'
import { need } from '../support/need.js'
import { run } from '../support/running.js'
import type { Running } from '../support/running.js'
import { loGroup, makeFrame, useSwitches } from '../api/lan.js'
import { assertRefused, endAllAfterEach, ethercast, events, start, theEvent } from './cli.js'

const LENGTHS = [60, 64, 590, 1514]

/** The counters of the interface statistics block that ends a recording. */
function lastCounters(file: Buffer): Record<string, bigint> {
  const block = file.subarray(file.length - file.readUInt32LE(file.length - 4))
  assert.equal(block.readUInt32LE(0), 5, 'the last block is one of statistics')
  const names: Record<number, string> = { 4: 'received', 5: 'dropped', 7: 'osDropped', 8: 'delivered' }
  const counters: Record<string, bigint> = {}
  for (let at = 20; block.readUInt16LE(at) !== 0; at += 4 + block.readUInt16LE(at + 2)) {
    const name = names[block.readUInt16LE(at)]
    if (name !== undefined) counters[name] = block.readBigUInt64LE(at + 4)
  }
  return counters
}

describe('cli: dump', function () {
  this.timeout(30_000)
  endAllAfterEach()
  const { keep } = useSwitches()
  let folder: string
  let spec: string
  let nic: HostPort

  before(() => (folder = mkdtempSync(join(tmpdir(), 'ethercast-dump-'))))
  after(() => rmSync(folder, { recursive: true }))
  beforeEach(async () => {
    spec = loGroup()
    nic = keep(await connect(spec))
  })

  /** Starts `dump` and waits until it listens. */
  async function listening(...args: string[]): Promise<Running> {
    const child = start(['dump', spec, ...args])
    await child.waitForLine(args.includes('--json') ? /"event":"ready"/ : /^ready$/)
    return child
  }

  /** Unicast between two others, one frame of each length. */
  function send(): void {
    LENGTHS.forEach((length, sequence) => nic.send(makeFrame({ to: '02:00:00:00:00:02', length, sequence })))
  }

  async function tshark(file: string, ...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await run('tshark', ['-r', file, ...args], { timeoutMs: 20_000 })
    assert.equal(code, 0, stderr)
    assert.doesNotMatch(stderr, /cut short|malformed|damaged/i)
    return stdout.trim()
  }

  it('prints a line a frame, with the time of day, and nothing else on stdout', async () => {
    const child = await listening('-c', '4')
    send()
    const { code, stdout, stderr } = await child.result()
    assert.equal(code, 0, stderr)
    const lines = stdout.trimEnd().split('\n')
    assert.equal(lines.length, 4)
    lines.forEach((line, i) => {
      assert.match(line, /^\d\d:\d\d:\d\d\.\d{6} 02:00:00:00:00:01 > 02:00:00:00:00:02 ethertype 0x88b5 /)
      assert.ok(line.endsWith(`(${LENGTHS[i]})`), line)
    })
    assert.match(stderr, /interface lo[^]*\nready\n4 frames, 2\.23 kB, \d+ s, 0 lost\n$/)
  })

  it('-c ends within a batch', async () => {
    const child = await listening('-c', '2', '-q')
    send()
    const { code, stdout, stderr } = await child.result()
    assert.equal(code, 0)
    assert.equal(stdout.trimEnd().split('\n').length, 2)
    assert.equal(stderr, 'ready\n')
  })

  it('--json has an object a line: ready, frame, done', async () => {
    const child = await listening('-c', '4', '--json')
    send()
    const result = await child.result()
    assert.equal(result.stderr, '')
    const list = events(result)
    assert.deepEqual(
      list.map(({ event }) => event),
      ['ready', 'frame', 'frame', 'frame', 'frame', 'done'],
    )
    const ms = Number(BigInt(list[1]!.timeNs as string) / 1_000_000n)
    assert.ok(Math.abs(Date.now() - ms) < 60_000, 'the time is now')
    const { ending, frames, octets, lost } = theEvent(list, 'done')
    assert.deepEqual({ ending, frames, octets, lost }, { ending: 'done', frames: 4, octets: 2228, lost: {} })
  })

  it('-w records what tshark reads: frames, times, the LAN and the counters', async function () {
    need(this, 'tshark')
    const file = join(folder, 'lan.pcapng')
    const child = await listening('-w', file, '-c', '4')
    const before = Date.now() / 1000
    send()
    const { code, stdout, stderr } = await child.result()
    assert.equal(code, 0, stderr)
    assert.equal(stdout, '')
    const columns = ['frame.len', 'eth.src', 'eth.dst', 'frame.time_epoch', 'frame.interface_name']
    const rows = await tshark(file, '-T', 'fields', ...columns.flatMap((column) => ['-e', column]))
    const cells = rows.split('\n').map((row) => row.split('\t'))
    assert.deepEqual(
      cells.map(([length]) => Number(length)),
      LENGTHS,
    )
    for (const [, source, destination, time, name] of cells) {
      assert.deepEqual([source, destination], ['02:00:00:00:00:01', '02:00:00:00:00:02'])
      assert.ok(Math.abs(Number(time) - before) < 30, time)
      assert.equal(name, spec.replace(/,1,interface/, ',interface'))
    }
    assert.deepEqual(lastCounters(readFileSync(file)), {
      received: 4n,
      delivered: 4n,
      dropped: 0n,
      osDropped: 0n,
    })
  })

  it('a recording ended by a signal has all that came before it', async function () {
    need(this, 'tshark')
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const file = join(folder, `${signal}.pcapng`)
      const child = await listening('-w', file)
      for (let i = 0; i < 50; i++) send()
      await nic.drained()
      // What has reached the socket by now is what is waited for.
      await new Promise((resolve) => setTimeout(resolve, 300))
      child.signal(signal)
      child.signal(signal)
      const { code, stderr } = await child.result()
      assert.equal(code, 0, stderr)
      assert.match(stderr, /^200 frames, .* 0 lost$/m)
      assert.equal((await tshark(file)).split('\n').length, 200)
    }
  })

  it('-w - is a recording on stdout', async function () {
    need(this, 'tshark')
    const line = `node dist/cli/main.js dump '${spec}' -c 4 -w - | tshark -r - -T fields -e frame.len 2>/dev/null`
    const piped = run('bash', ['-c', line], { timeoutMs: 20_000 })
    const beat = setInterval(send, 100)
    const { stdout } = await piped.finally(() => clearInterval(beat))
    assert.equal(stdout.trim().split('\n').length, 4)
  })

  it('-w - with --json is refused: both want stdout', async () => {
    assertRefused(await ethercast('dump', spec, '-w', '-', '--json'), /both want stdout/)
  })

  it('a file that can not be written is an error in words, and exit code 1', async () => {
    const missing = await ethercast('dump', spec, '-w', join(folder, 'no', 'such'), '--for', '1')
    assert.equal(missing.code, 1)
    assert.match(missing.stderr, /^ethercast: can't write .*no such file or directory \(ENOENT\)\n$/)
    const full = await ethercast('dump', spec, '-w', '/dev/full', '--for', '1')
    assert.equal(full.code, 1)
    assert.match(full.stderr, /^ethercast: can't write \/dev\/full: no space left on device \(ENOSPC\)$/m)
  })

  it('on a disk that fills up, the recording keeps its whole frames', async function () {
    need(this, 'netns', 'tshark')
    const [disk, file] = [mkdtempSync(join(folder, 'disk-')), join(folder, 'full.pcapng')]
    const script = [
      'mount -t tmpfs -o size=16k none "$1" || exit 9',
      'node dist/cli/main.js dump "$2" -w "$1/lan.pcapng" --for 10',
      'code=$?; cat "$1/lan.pcapng" >"$3"; exit $code',
    ].join('\n')
    const args = ['--mount', 'sh', '-c', script, 'sh', disk, spec, file]
    const piped = run('unshare', args, { timeoutMs: 20_000 })
    const beat = setInterval(send, 20)
    const { code, stderr } = await piped.finally(() => clearInterval(beat))
    assert.equal(code, 1, stderr)
    const frames = Number(/^(\d+) frames/m.exec(stderr)?.[1])
    assert.ok(frames > 0 && statSync(file).size <= 16 * 1024)
    assert.equal((await tshark(file)).split('\n').length, frames)
    assert.match(stderr, /no space left on device/)
  })

  it('ends quietly when its reader has left', async () => {
    const line = `node dist/cli/main.js dump '${spec}' | head -1; echo "\${PIPESTATUS[0]}"`
    const piped = run('bash', ['-c', line], { timeoutMs: 20_000 })
    const beat = setInterval(send, 50)
    const { stdout, stderr } = await piped.finally(() => clearInterval(beat))
    assert.match(stdout, /^\d\d:.*\n0\n$/)
    assert.doesNotMatch(stderr, /EPIPE|Error/)
  })

  it('sends nothing, whatever it hears', async () => {
    const child = await listening('--for', '1500ms')
    const heard = () => nic.lan.ports.get(1)!.stats().rx
    send()
    await child.result()
    const { frames, drops } = heard()
    assert.equal(frames - drops.own_echo!, 0)
  })

  it('refuses what can not be meant', async () => {
    assertRefused(await ethercast('dump', 'mcst'), /did you mean mcast/)
    assertRefused(await ethercast('dump'), /missing required argument 'spec'/)
    assertRefused(await ethercast('dump', spec, '-c', 'all'), /--count.*whole numbers from 1/)
  })
})
