/** Errors of writing, in words. */

import { getSystemErrorMap } from 'node:util'
import { EthercastError } from '../spec/error.js'

/** Whether a reader has left: no error, the end. */
export function isBrokenPipe(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EPIPE'
}

/** The error of a write, with what it was that could not be written. A broken pipe stays what it is. */
export function writeError(what: string, error: unknown): Error {
  const { code, errno, syscall } = error as NodeJS.ErrnoException
  if (code === undefined || isBrokenPipe(error)) return error as Error
  const why = getSystemErrorMap().get(errno ?? 0)?.[1] ?? code
  return new EthercastError(code, `can't write ${what}: ${why} (${code})`, {
    errno: code,
    syscall,
    cause: error,
  })
}
