// Real traffic to replay: two kernels talk over a cable that shows every frame as it would be on a wire, and tcpdump listens.
import { join } from 'node:path'
import type { Lab } from '../support/lab.js'
import { readPcap } from './pcap.js'

const kFragmented = '4000'

/** ARP, neighbour discovery, pings whole and in fragments, TCP and UDP both ways, IPv4 and IPv6. */
export async function recordTraffic(lab: Lab): Promise<Buffer[]> {
  const [one, two] = [await lab.host('one'), await lab.host('two')]
  const { addresses } = await lab.link(one, two)
  for (const [i, host] of [one, two].entries()) {
    // Cut and summed by the kernel before the cable, and not joined behind it.
    const off = ['tx', 'off', 'rx', 'off', 'tso', 'off', 'gso', 'off', 'gro', 'off']
    await host.exec('ethtool', ['-K', 'veth0', ...off], { check: true })
    await host.ip('-6', 'addr', 'add', `2001:db8:9::${i + 1}/64`, 'dev', 'veth0', 'nodad')
  }
  const file = join(lab.dir, 'traffic.pcap')
  const tcpdump = two.spawn('tcpdump', [
    '-i',
    'veth0',
    '-U',
    '-w',
    file,
    '-s',
    '0',
    '-B',
    '16384',
    '-Z',
    'root',
  ])
  await tcpdump.waitForLine(/listening on/)
  for (const address of [addresses[1], '2001:db8:9::2']) {
    for (const size of ['1', '56', '1400', kFragmented]) {
      await one.exec('ping', ['-c', '2', '-i', '0.01', '-s', size, address], { check: true })
    }
    for (const kind of [
      ['-n', '700K', '-P', '2'],
      ['-n', '700K', '-R'],
      ['-n', '50K', '-u', '-b', '0', '-l', '60'],
    ]) {
      const server = two.spawn('iperf3', ['-s', '-1', '--forceflush'])
      await server.waitForLine(/^Server listening/)
      await one.exec('iperf3', ['-c', address, ...kind], { check: true })
      await server.result()
    }
  }
  await tcpdump.kill('SIGINT')
  return readPcap(file)
}
