// A cable for whatever stands on a tap: two taps of this namespace, each sending what comes from the other's program.
import { writeFileSync } from 'node:fs'
import { ip } from '../namespace.js'
import { run } from '../running.js'

async function tc(...args: string[]): Promise<void> {
  const result = await run('tc', args)
  if (result.code !== 0) throw new Error(`tc ${args.join(' ')}: ${result.stderr.trim()}`)
}

let cables = 0

/** Two taps with a cable between them: what is written into one can be read from the other, as it is. Removed with their namespace. */
export async function cabledTaps(): Promise<[string, string]> {
  const number = cables++
  const names = [`cable${number}a`, `cable${number}b`] as const
  for (const name of names) {
    await ip('tuntap', 'add', 'dev', name, 'mode', 'tap')
    // Else this host's own stack talks on it too.
    writeFileSync(`/proc/sys/net/ipv6/conf/${name}/disable_ipv6`, '1')
    await ip('link', 'set', name, 'up')
  }
  for (const [from, to] of [names, [names[1], names[0]]] as const) {
    await tc('qdisc', 'add', 'dev', from, 'clsact')
    // One instruction of classic BPF, 'take it all': the other classifiers look for more octets than a runt has.
    const all = ['protocol', 'all', 'bpf', 'bytecode', '1,6 0 0 4294967295']
    await tc(
      'filter',
      'add',
      'dev',
      from,
      'ingress',
      ...all,
      'action',
      'mirred',
      'egress',
      'redirect',
      'dev',
      to,
    )
  }
  return [...names]
}
