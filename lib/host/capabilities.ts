/** What this process may do, by its capabilities (capabilities(7)): who has them need not be root, and root in a container may lack them. */

import { readFileSync } from 'node:fs'
import type { Wish } from './resource.js'

/** Bits of linux/capability.h. */
const CAPABILITIES = { CAP_CHOWN: 0, CAP_FOWNER: 3, CAP_NET_ADMIN: 12 } as const
type Capability = keyof typeof CAPABILITIES

/** Kinds of resources that change a file. */
const ABOUT_FILES = new Set(['tun_access'])

function effective(): bigint {
  try {
    const status = readFileSync('/proc/self/status', 'latin1')
    return BigInt(`0x${/^CapEff:\s*([\da-f]+)/m.exec(status)?.[1] ?? '0'}`)
  } catch {
    // Without /proc the kernel has the last word.
    return process.geteuid!() === 0 ? ~0n : 0n
  }
}

/** What making or taking back these takes. */
export function neededCapabilities(wishes: readonly Wish[]): Capability[] {
  const files = wishes.some(({ kind }) => ABOUT_FILES.has(kind))
  return ['CAP_NET_ADMIN', ...(files ? (['CAP_CHOWN', 'CAP_FOWNER'] as const) : [])]
}

/** Those of them that this process does not have. */
export function missingCapabilities(wishes: readonly Wish[]): Capability[] {
  const have = effective()
  return neededCapabilities(wishes).filter((name) => ((have >> BigInt(CAPABILITIES[name])) & 1n) === 0n)
}
