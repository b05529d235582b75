/**
 * The one error type of the library. It lives here because the specs throw it first and `lib/spec` imports nothing outside itself.
 */

/** Every code that ethercast itself gives an error. Failures of the operating system keep their errno name (`EADDRINUSE`). */
export type ErrorCode =
  | 'ERR_ETHERCAST_CLOSED'
  | 'ERR_ETHERCAST_STATE'
  | 'ERR_ETHERCAST_FIELD'
  | 'ERR_ETHERCAST_UNSUPPORTED'
  | 'ERR_ETHERCAST_FRAME_SIZE'
  | 'ERR_ETHERCAST_LOOP'
  | 'ERR_ETHERCAST_MCONSOLE'

export interface ErrorDetails {
  /** Name of the errno, for failures of the operating system. */
  errno?: string
  /** The system call that failed. */
  syscall?: string
  /** Canonical spec of the port concerned. */
  port?: string
  /** Name of the spec or option field concerned. */
  field?: string
  /** What was found in that field. */
  value?: unknown
  cause?: unknown
}

/**
 * An error with a stable `code`.
 *
 * Misuse of the API throws synchronously; failures at run time reject the promise at hand or arrive as an `error` event.
 */
export class EthercastError extends Error {
  readonly code: string
  readonly errno?: string
  readonly syscall?: string
  readonly port?: string
  readonly field?: string
  readonly value?: unknown

  constructor(code: ErrorCode | (string & {}), message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'EthercastError'
    this.code = code
    if (details.errno !== undefined) this.errno = details.errno
    if (details.syscall !== undefined) this.syscall = details.syscall
    if (details.port !== undefined) this.port = details.port
    if (details.field !== undefined) this.field = details.field
    if (details.value !== undefined) this.value = details.value
  }
}
