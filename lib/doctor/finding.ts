/**
 * What the doctor finds.
 */

/** `ok`: as it should be. `note`: good to know. `warning`: works, but not as well as it could. `problem`: does not work. */
export type Level = 'ok' | 'note' | 'warning' | 'problem'

/** A command that helps, complete, for a shell on this host unless `when` says where. */
export interface Remedy {
  command: string
  /** In which case, or where. Several remedies are alternatives unless this says otherwise. */
  when?: string
}

export interface Finding {
  /** What was looked at, a stable name: `mcast.route`. */
  check: string
  level: Level
  /** What was found, in a few words. */
  what: string
  /** What follows from it. */
  why?: string
  remedy?: readonly Remedy[]
}

/** Makes a {@link Finding}; keys without a value are not there. */
export function finding(
  level: Level,
  check: string,
  what: string,
  why?: string,
  ...remedy: Remedy[]
): Finding {
  return {
    check,
    level,
    what,
    ...(why === undefined ? {} : { why }),
    ...(remedy.length === 0 ? {} : { remedy }),
  }
}
