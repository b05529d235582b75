// TCP between a guest, by its busybox and iperf3, and a host.
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Guest } from '../support/guest.js'
import type { Host } from '../support/host.js'
import { giveContent, takeContent, type Content } from './tap_lan.js'

const kPort = 5001
const kBeyondMs = 20_000

/** A file of random octets in a folder that guests see. */
export function contentFile(dir: string, octets: number): Content & { path: string } {
  const content = randomBytes(octets)
  const path = join(dir, `content.${octets}`)
  writeFileSync(path, content)
  return { path, octets, sha256: createHash('sha256').update(content).digest('hex') }
}

/** The guest sends a file to a host's address with busybox's nc. */
export async function guestSends(
  guest: Guest,
  host: Host,
  address: string,
  { path, ...file }: Content & { path: string },
  timeoutMs: number,
): Promise<void> {
  const { content } = await takeContent(host, { port: kPort, timeoutMs })
  const { code, output } = await guest.sh(`nc ${address} ${kPort} <${path}`, timeoutMs)
  assert.equal(code, 0, output)
  assert.deepEqual(await content, file)
}

/** The guest takes what a host's address sends, with busybox's nc and sha256sum. */
export async function guestTakes(
  guest: Guest,
  host: Host,
  address: string,
  octets: number,
  timeoutMs: number,
): Promise<void> {
  const { content } = await giveContent(host, octets, { port: kPort, timeoutMs })
  const { code, output } = await guest.sh(`nc ${address} ${kPort} </dev/null | sha256sum`, timeoutMs)
  assert.equal(code, 0, output)
  const sent = await content
  assert.deepEqual([output.split(' ')[0], octets], [sent.sha256, sent.octets])
}

/** One guest sends a file to the address of another. */
export async function guestToGuest(
  from: Guest,
  to: Guest,
  address: string,
  { path, sha256 }: Content & { path: string },
  timeoutMs: number,
): Promise<void> {
  // Guests run a command at a time: the listener stays behind, and its sum appears when it has all.
  // Its input must not end: busybox's nc gives up sending when the other side has ended.
  const sum = `mkfifo /run/hold; nc -l -p ${kPort} <>/run/hold | sha256sum >/run/sum.tmp; mv /run/sum.tmp /run/sum`
  const listening = `netstat -ltn | grep -q :${kPort}`
  const listen = `{ ${sum}; } >/dev/null 2>&1 & until ${listening}; do sleep 0.05; done`
  assert.equal((await to.sh(listen)).code, 0)
  const sent = await from.sh(`nc ${address} ${kPort} <${path}`, timeoutMs)
  assert.equal(sent.code, 0, sent.output)
  const got = await to.sh('until [ -f /run/sum ]; do sleep 0.05; done; cat /run/sum; rm /run/sum', timeoutMs)
  assert.equal(got.output.split(' ')[0], sha256)
}

/** iperf3 in the guest to a host's address, or from there; returns the octets that the receiver counted. */
export async function iperf3(
  guest: Guest,
  host: Host,
  address: string,
  { reverse = false, seconds = 1 },
): Promise<number> {
  const server = host.spawn('iperf3', ['-s', '-1', '--forceflush'])
  await server.waitForLine(/^Server listening/)
  const command = `iperf3 -J -c ${address} -t ${seconds}${reverse ? ' -R' : ''}`
  const { code, output } = await guest.sh(command, seconds * 1000 + kBeyondMs)
  assert.equal(code, 0, output)
  const { code: ended } = await server.result()
  assert.equal(ended, 0, server.stderr)
  return (JSON.parse(output) as { end: { sum_received: { bytes: number } } }).end.sum_received.bytes
}

/** The median round trip of a guest's pings, in µs. */
export async function guestPingUs(guest: Guest, address: string, count: number): Promise<number> {
  const { code, output } = await guest.sh(`ping -c ${count} -i 0.02 ${address}`, 5000 + count * 100)
  assert.equal(code, 0, output)
  const times = [...output.matchAll(/time=([\d.]+) ms/g)].map((match) => Number(match[1]) * 1000)
  assert.ok(times.length > 0, output)
  return times.sort((x, y) => x - y)[Math.floor(times.length / 2)]!
}
