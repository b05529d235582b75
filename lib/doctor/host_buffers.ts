/** How much room the kernel gives sockets: net.core.rmem_max and wmem_max, socket(7). */

import type { HostFacts } from './facts.js'
import { ok } from './finding.js'
import type { Finding } from './finding.js'

/** What ports ask for, either way, unless their spec says otherwise: octets, native/engine/socket_buffers. */
const WANTED = 4 << 20

export function checkBuffers(facts: HostFacts): Finding[] {
  const limits = ['net.core.rmem_max', 'net.core.wmem_max']
    .map((name) => ({ name, octets: Number(facts.sysctl(name) ?? NaN) }))
    .filter(({ octets }) => !Number.isNaN(octets))
  const small = limits.filter(({ octets }) => octets < WANTED)
  if (limits.length === 0) return []
  if (small.length === 0) return [ok('buffers', `sockets may have buffers of ${WANTED} octets`)]
  const list = small.map(({ name, octets }) => `${name} ${octets}`).join(', ')
  if (facts.user.hasNetAdmin)
    return [ok('buffers', `buffers are limited (${list}), but not for who has CAP_NET_ADMIN`)]
  return [
    {
      level: 'note',
      check: 'buffers',
      what: `buffers of sockets are limited: ${list}; ${WANTED} are wanted`,
      why: 'bursts that do not fit are lost, when coming, or wait here, when going',
      remedy: small.flatMap(({ name }) => [
        `sudo sysctl -w ${name}=${WANTED}`,
        `echo ${name}=${WANTED} | sudo tee -a /etc/sysctl.d/90-ethercast.conf`,
      ]),
    },
  ]
}
