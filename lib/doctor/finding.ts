/** What the doctor says: `ok`, a `note` worth knowing, a `warning` of what will work badly, a `problem` that stops it. */
export type Level = 'ok' | 'note' | 'warning' | 'problem'

export interface Finding {
  level: Level
  /** One word for what was looked at, the same whatever was found: `route`, `mtu`… For machines. */
  check: string
  /** What was found, one line. */
  what: string
  /** Why it matters; left out where `what` says it all. */
  why?: string
  /** What to do: commands to paste, or one sentence. */
  remedy?: string[]
}

export const ok = (check: string, what: string): Finding => ({ level: 'ok', check, what })

export const problem = (check: string, what: string, remedy: string[], why?: string): Finding => ({
  level: 'problem',
  check,
  what,
  ...(why === undefined ? {} : { why }),
  remedy,
})
