// What a guest's console could say, honest or not: a socket in a folder as UML's, and an answer to each request.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bindDatagrams, type NativeDatagrams } from '../../lib/binding.js'

const kMagic = 0xcafebabe
const kRoom = 2048

/** A part of a reply; `length` when it is to say another than it has. */
export function part(status: number, text: string | Uint8Array, more = 0, length?: number): Buffer {
  const data = typeof text === 'string' ? Buffer.from(`${text}\0`) : Buffer.from(text)
  const header = Buffer.alloc(12)
  header.writeInt32LE(status, 0)
  header.writeUInt32LE(more, 4)
  header.writeUInt32LE(length ?? data.length, 8)
  return Buffer.concat([header, data])
}

export function notice(
  type: number,
  text: string | Uint8Array,
  more: { magic?: number; version?: number; length?: number } = {},
): Buffer {
  const data = Buffer.from(text)
  const header = Buffer.alloc(16)
  header.writeUInt32LE(more.magic ?? kMagic, 0)
  header.writeUInt32LE(more.version ?? 2, 4)
  header.writeInt32LE(type, 8)
  header.writeUInt32LE(more.length ?? data.length, 12)
  return Buffer.concat([header, data])
}

/** The parts of the answer to a command; `later` sends more to who asked last, and returns what became of each. */
export type Answerer = (command: string, later: (...parts: Uint8Array[]) => string[]) => readonly Uint8Array[]

export class FakeGuest implements Disposable {
  readonly umlDir: string
  readonly umid = 'fake'
  readonly path: string
  readonly commands: string[] = []
  #socket: NativeDatagrams | undefined

  constructor(private readonly answerer: Answerer) {
    this.umlDir = mkdtempSync('/tmp/eclab-fake-')
    mkdirSync(join(this.umlDir, this.umid))
    writeFileSync(join(this.umlDir, this.umid, 'pid'), `${process.pid}\n`)
    this.path = join(this.umlDir, this.umid, 'mconsole')
    this.open()
  }

  open(): void {
    this.#socket = bindDatagrams(this.path, 0o600, () => this.#read())
  }

  /** As a guest that was killed: the name stays, and nobody is behind it. */
  die(): void {
    this.#socket?.close()
    this.#socket = undefined
  }

  [Symbol.dispose](): void {
    this.die()
    rmSync(this.umlDir, { recursive: true })
  }

  #read(): void {
    const octets = new Uint8Array(kRoom)
    const socket = this.#socket
    if (socket === undefined) return
    const length = socket.receive(octets)
    if (length < 12) return
    const view = Buffer.from(octets.buffer, 0, length)
    if (view.readUInt32LE(0) !== kMagic || view.readUInt32LE(8) !== length - 12) throw new Error('no request')
    const command = view.toString('utf8', 12)
    this.commands.push(command)
    const send = (...parts: Uint8Array[]) => parts.map((each) => socket.answer(each))
    send(...this.answerer(command, send))
  }
}
