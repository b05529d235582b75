/**
 * The journal: what `up` has made, or was about to make, and what was there before. Every record is on the disk before the step is taken, so that a
 * later process can take back all of it wherever this one was killed.
 */

import { closeSync, constants, fstatSync, fsyncSync, ftruncateSync, openSync, readSync } from 'node:fs'
import { readFileSync, readlinkSync, renameSync, writeSync } from 'node:fs'
import { EthercastError } from '../spec/error.js'
import { forgottenLine, headerLine, JOURNAL_FORMAT, madeLine, parseJournal } from './journal_text.js'
import type { Intention, JournalText } from './journal_text.js'
import { errno, folderError, StateFolder, unlinkIfThere } from './state_folder.js'

export type { Intention } from './journal_text.js'

const NAME = 'journal'
/** What an earlier boot has left, for those who want to know. */
const EARLIER = 'journal.earlier'
/** No set-up needs more octets; what is longer is no journal. */
const MOST_OCTETS = 1 << 24
const ATTEMPTS = 5

const { O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR } = constants

/** What a journal is about: this boot of this machine, and this network namespace. */
export interface Whereabouts {
  boot: string
  namespace: string
}

export function whereabouts(): Whereabouts {
  return {
    boot: readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim(),
    namespace: readlinkSync('/proc/self/ns/net'),
  }
}

export interface JournalView {
  made: ReadonlyMap<string, Intention>
  /** There is one of another boot: nothing of it is up. */
  isEarlier: boolean
}

/**
 * Reads without a claim and changes nothing.
 *
 * @throws EthercastError `ERR_ETHERCAST_STATE` for a journal that is broken or about another namespace; `EACCES`
 */
export function readJournal(path: string, here: Whereabouts = whereabouts()): JournalView {
  using folder = StateFolder.open(path, { create: false })
  const text = folder && readText(folder, here)
  return { made: text?.made ?? new Map<string, Intention>(), isEarlier: isEarlier(text, here) }
}

export class Journal implements Disposable {
  readonly #made: Map<string, Intention>
  readonly #ownFolder: boolean
  #isClosed = false
  #descriptor: number | undefined
  #octets: number

  private constructor(
    readonly folder: StateFolder,
    readonly here: Whereabouts,
    /** There was one of another boot: nothing of it is up. */
    readonly isEarlier: boolean,
    text: JournalText | undefined,
  ) {
    this.#made = text?.made ?? new Map<string, Intention>()
    this.#octets = text === undefined || isEarlier ? 0 : text.octets
    this.#ownFolder = text?.header?.ownFolder ?? folder.isNew
  }

  /**
   * For changing it; nobody else may meanwhile. Nothing is written yet, but one of an earlier boot is put aside.
   *
   * @throws EthercastError `ERR_ETHERCAST_STATE` when another process has it, it is broken, or about another namespace
   */
  static async open(path: string, here: Whereabouts = whereabouts()): Promise<Journal> {
    const folder = await claimedFolder(path)
    try {
      const text = readText(folder, here)
      if (isEarlier(text, here)) renameSync(folder.at(NAME), folder.at(EARLIER))
      return new Journal(folder, here, isEarlier(text, here), text)
    } catch (error) {
      if (folder.isNew) folder.remove()
      folder[Symbol.dispose]()
      throw error
    }
  }

  /** What was made and not forgotten, in that order. */
  get made(): ReadonlyMap<string, Intention> {
    return this.#made
  }

  /** Before anything is done about it. */
  add(intention: Intention): void {
    if (this.#made.has(intention.id)) throw new Error(`the journal has it already: ${intention.id}`)
    this.#append(madeLine(intention))
    this.#made.set(intention.id, intention)
  }

  /** After it is all taken back. */
  forget(id: string): void {
    if (!this.#made.has(id)) throw new Error(`the journal does not have it: ${id}`)
    this.#append(forgottenLine(id))
    this.#made.delete(id)
  }

  #append(line: string): void {
    try {
      this.#descriptor ??= this.#openFile()
      this.#write(this.#descriptor, line)
    } catch (error) {
      throw folderError(`${this.folder.path}/${NAME}`, error)
    }
  }

  #openFile(): number {
    const path = this.folder.at(NAME)
    if (this.#octets === 0) {
      // Nothing whole is in it: of one that was killed with its first record.
      unlinkIfThere(path)
      const descriptor = openSync(path, O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
      const header = { ethercast: JOURNAL_FORMAT, ...this.here, ownFolder: this.#ownFolder }
      this.#write(descriptor, headerLine(header))
      this.folder.sync()
      return descriptor
    }
    const descriptor = openSync(path, O_RDWR | O_APPEND | O_NOFOLLOW)
    // What was begun and not finished.
    ftruncateSync(descriptor, this.#octets)
    return descriptor
  }

  /** All of it, on the disk, or nothing. */
  #write(descriptor: number, line: string): void {
    const octets = Buffer.from(line)
    try {
      let written = 0
      while (written < octets.length) written += writeSync(descriptor, octets, written)
      fsyncSync(descriptor)
    } catch (error) {
      ftruncateSync(descriptor, this.#octets)
      throw error
    }
    this.#octets += octets.length
  }

  /** Ends the claim; when nothing is made, journal and folder go too. */
  [Symbol.dispose](): void {
    if (this.#isClosed) return
    this.#isClosed = true
    if (this.#descriptor !== undefined) closeSync(this.#descriptor)
    this.#descriptor = undefined
    if (this.#made.size === 0) {
      unlinkIfThere(this.folder.at(NAME))
      unlinkIfThere(this.folder.at(EARLIER))
      if (this.#ownFolder) this.folder.remove()
    }
    this.folder[Symbol.dispose]()
  }
}

/** Another process may just be removing the folder: then there is a new one to be made. */
async function claimedFolder(path: string): Promise<StateFolder> {
  for (let attempt = 1; ; attempt++) {
    const folder = StateFolder.open(path, { create: true })
    try {
      await folder.claim()
      return folder
    } catch (error) {
      if (folder.isNew) folder.remove()
      folder[Symbol.dispose]()
      if (errno(error) !== 'ENOENT' || attempt === ATTEMPTS) throw error
    }
  }
}

const isEarlier = (text: JournalText | undefined, here: Whereabouts): boolean =>
  text !== undefined && text.header?.boot !== here.boot

/** Undefined: there is none, or nothing whole in it. Of another boot: its header alone. */
function readText(folder: StateFolder, here: Whereabouts): JournalText | undefined {
  const name = `${folder.path}/${NAME}`
  const content = readContent(folder, name)
  if (content === undefined) return undefined
  const text = parseJournal(content, name, here.boot)
  const { header } = text
  if (header === undefined) return undefined
  if (header.boot === here.boot && header.namespace !== here.namespace) {
    const message =
      `${name} is about another network namespace (${header.namespace}, and this is ${here.namespace}): ` +
      'take that one down from within it, or name a folder for this one with --state DIR. If it is gone, remove the file.'
    throw new EthercastError('ERR_ETHERCAST_STATE', message)
  }
  return text
}

function readContent(folder: StateFolder, name: string): Buffer | undefined {
  let descriptor: number
  try {
    // Should it be a FIFO, nobody waits for its other end.
    descriptor = openSync(folder.at(NAME), O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  } catch (error) {
    if (errno(error) === 'ENOENT') return undefined
    throw folderError(name, error)
  }
  try {
    const stat = fstatSync(descriptor)
    const trouble = !stat.isFile()
      ? 'it is no ordinary file'
      : stat.uid !== fstatSync(folder.descriptor).uid
        ? `it belongs to user ${stat.uid}`
        : stat.size > MOST_OCTETS
          ? `it has ${stat.size} octets, more than any journal`
          : undefined
    if (trouble !== undefined)
      throw new EthercastError(
        'ERR_ETHERCAST_STATE',
        `${name}: ${trouble}: this is no journal of ethercast up`,
      )
    const content = Buffer.alloc(stat.size)
    let length = 0
    while (length < content.length) {
      const got = readSync(descriptor, content, length, content.length - length, length)
      if (got === 0) break
      length += got
    }
    return content.subarray(0, length)
  } finally {
    closeSync(descriptor)
  }
}
