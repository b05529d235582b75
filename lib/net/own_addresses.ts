/**
 * The addresses of one host: at most one IPv4, one global IPv6 and one link-local.
 */

import { EthercastError } from '../spec/error.js'
import { isLinkLocal } from './address.js'
import type { HostAddress } from './address.js'
import { sameOctets } from './octets.js'

/** A small set of addresses, kept in the order they were added. */
export class OwnAddresses {
  #list: HostAddress[] = []

  /** Canonical text of each. */
  get texts(): string[] {
    return this.#list.map(({ text }) => text)
  }

  /** @throws EthercastError `ERR_ETHERCAST_STATE` when there is one of that kind already */
  add(address: HostAddress): void {
    const other = this.#list.find((own) => kindOf(own) === kindOf(address))
    if (other !== undefined) {
      const message = `the host has ${other.text} already, and holds one ${kindOf(address)} address`
      throw new EthercastError('ERR_ETHERCAST_STATE', message, { field: 'address', value: address.text })
    }
    this.#list = [...this.#list, address]
  }

  /** Gives it up; nothing happens when it is not ours. */
  remove(address: HostAddress): void {
    this.#list = this.#list.filter(({ key }) => key !== address.key)
  }

  has(octets: Uint8Array): boolean {
    for (const own of this.#list) if (sameOctets(own.octets, octets)) return true
    return false
  }

  /**
   * The address to speak to `target` from: of its family, for IPv6 of its scope when there is one (RFC 6724 rule 2, in short).
   */
  sourceFor(target: HostAddress): HostAddress | undefined {
    const family = this.#list.filter((own) => own.family === target.family)
    return family.find((own) => isLinkLocal(own) === isLinkLocal(target)) ?? family[0]
  }

  /** As `sourceFor`. @throws EthercastError `ERR_ETHERCAST_STATE` when there is none */
  requireSourceFor(target: HostAddress): HostAddress {
    const source = this.sourceFor(target)
    if (source !== undefined) return source
    const message = `the host has no IPv${target.family} address to speak to ${target.text} from`
    throw new EthercastError('ERR_ETHERCAST_STATE', message, { field: 'address', value: target.text })
  }
}

function kindOf(address: HostAddress): string {
  if (address.family === 4) return 'IPv4'
  return isLinkLocal(address) ? 'link-local IPv6' : 'global IPv6'
}
