/** Where a recording goes: a file or stdout. Writes are waited for, so that no more than a batch is ever in memory. */

import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { writeError } from './write_error.js'

export interface Sink {
  /**
   * Writes all of it.
   *
   * @throws EthercastError with the system's code (`ENOSPC`); the plain error `EPIPE` when the reader has left
   */
  write(octets: Uint8Array): Promise<void>
  close(): Promise<void>
}

/** A file, made anew. After a write that failed it ends with the last one that did not. */
export class FileSink implements Sink {
  readonly #path: string
  readonly #file: FileHandle
  #whole = 0

  /** @throws EthercastError with the system's code when it can't be opened */
  static async open(path: string): Promise<FileSink> {
    try {
      return new FileSink(path, await open(path, 'w'))
    } catch (error) {
      throw writeError(path, error)
    }
  }

  private constructor(path: string, file: FileHandle) {
    this.#path = path
    this.#file = file
  }

  async write(octets: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < octets.length;) at += (await this.#file.write(octets, at)).bytesWritten
      this.#whole += octets.length
    } catch (error) {
      // Half a block at the end is what readers complain about. Devices and pipes can't be cut: so be it.
      await this.#file.truncate(this.#whole).catch(() => {})
      throw writeError(this.#path, error)
    }
  }

  async close(): Promise<void> {
    await this.#file.close()
  }
}

/** Standard output, or another stream. */
export class StreamSink implements Sink {
  readonly #stream: NodeJS.WritableStream

  constructor(stream: NodeJS.WritableStream) {
    this.#stream = stream
  }

  async write(octets: Uint8Array): Promise<void> {
    await new Promise<void>((resolve, reject) =>
      this.#stream.write(octets, (error) => {
        if (error) reject(writeError('standard output', error))
        else resolve()
      }),
    )
  }

  async close(): Promise<void> {}
}
