/** The stations of a switch: asking the I/O thread for them, and pinning them. */

import type { NativeEvent, NativeSwitch } from './binding.js'
import { fromNative } from './binding.js'
import type { Port } from './port.js'
import { EthercastError } from './spec/error.js'
import { formatMac, parseStationMac } from './spec/mac.js'
import { describe } from './spec/refuse.js'

/** A station that a switch knows. */
export interface Station {
  mac: string
  /** 0: untagged. */
  vlan: number
  port: Port | undefined
  /** Milliseconds since it was last heard; 0 for a pinned one, which does not age. */
  ageMs: number
  /** It was not learned but bound to its port, by `pin`. */
  pinned: boolean
}

export interface StationOptions {
  /** The VLAN in which the station is meant, 1 to 4094; 0 (default): untagged frames. */
  vlan?: number
}

interface Question<T> {
  resolve: (answer: T) => void
  reject: (error: EthercastError) => void
}

/** Questions to the I/O thread, and the answers that come as events. */
export class StationDesk {
  readonly #native: NativeSwitch
  readonly #ports: ReadonlyMap<number, Port>
  readonly #lists = new Map<number, Question<Station[]>>()
  readonly #answers = new Map<number, Question<boolean>>()
  #lastRequest = 0

  constructor(native: NativeSwitch, ports: ReadonlyMap<number, Port>) {
    this.#native = native
    this.#ports = ports
  }

  list(): Promise<Station[]> {
    return this.#ask(this.#lists, (request) => this.#native.stations(request))
  }

  async pin(mac: string, port: Port, options: StationOptions): Promise<void> {
    const station = readStation('pin', mac, options)
    await this.#ask(this.#answers, (request) => this.#native.pin(request, station.mac, station.vlan, port.id))
  }

  unpin(mac: string, options: StationOptions): Promise<boolean> {
    const station = readStation('unpin', mac, options)
    return this.#ask(this.#answers, (request) => this.#native.unpin(request, station.mac, station.vlan))
  }

  onEvent(event: Extract<NativeEvent, { event: 'stations' | 'answer' }>): void {
    if (event.event === 'stations') {
      const question = this.#lists.get(event.request)
      this.#lists.delete(event.request)
      question?.resolve(
        event.stations.map(([mac, vlan, port, ageMs, pinned]) => ({
          mac: formatMac(macOctets(mac)),
          vlan,
          port: this.#ports.get(port),
          ageMs,
          pinned,
        })),
      )
      return
    }
    const question = this.#answers.get(event.request)
    this.#answers.delete(event.request)
    if (event.error === undefined) question?.resolve(event.done)
    else question?.reject(fromNative(event.error))
  }

  /** The switch is closed: it has no stations any more. */
  close(closed: EthercastError): void {
    for (const { resolve } of this.#lists.values()) resolve([])
    this.#lists.clear()
    for (const { reject } of this.#answers.values()) reject(closed)
    this.#answers.clear()
  }

  #ask<T>(questions: Map<number, Question<T>>, send: (request: number) => void): Promise<T> {
    const request = ++this.#lastRequest
    return new Promise((resolve, reject) => {
      questions.set(request, { resolve, reject })
      send(request)
    })
  }
}

/** @throws EthercastError `ERR_ETHERCAST_FIELD` */
function readStation(call: string, mac: string, { vlan = 0 }: StationOptions): { mac: number; vlan: number } {
  if (typeof mac !== 'string') {
    const message = `${call}: mac must be a string such as 'fe:fd:0:0:0:1', not ${describe(mac)}`
    throw new EthercastError('ERR_ETHERCAST_FIELD', message, { field: 'mac', value: mac })
  }
  const octets = parseStationMac(mac, { transport: call, field: 'mac' })
  if (!Number.isInteger(vlan) || vlan < 0 || vlan > 4094) {
    const message = `${call}: vlan ${describe(vlan)} is not allowed: 1 to 4094, or 0 for untagged frames`
    throw new EthercastError('ERR_ETHERCAST_FIELD', message, { field: 'vlan', value: vlan })
  }
  return { mac: octets.reduce((number, octet) => number * 256 + octet, 0), vlan }
}

function macOctets(mac: number): Uint8Array {
  return Uint8Array.from([40, 32, 24, 16, 8, 0], (shift) => Math.floor(mac / 2 ** shift) % 256)
}
