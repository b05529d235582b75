/** What a switch says to people: errors and notices that are not those of one transport. */

import { EthercastError } from './spec/error.js'
import { hasStationMac } from './spec/index.js'
import type { PortSpec } from './spec/index.js'

export function closedError(message: string): EthercastError {
  return new EthercastError('ERR_ETHERCAST_CLOSED', message)
}

export function macNotice(spec: PortSpec): string[] {
  if (!('mac' in spec) || spec.mac === undefined || hasStationMac(spec)) return []
  return [
    `mac ${spec.mac} has no effect: a port of a switch has no address of its own; give it to the host port or to connect()`,
  ]
}
