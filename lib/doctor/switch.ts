import type { SwitchSpec } from '../spec/index.js'
import type { HostFacts } from './facts.js'
import { ok } from './finding.js'
import type { Finding } from './finding.js'

/** Descriptors a client takes: its control connection and a data socket. */
const PER_CLIENT = 2
/** What this process needs besides. */
const OTHERS = 64

/** What would keep this host from being the switch daemon of a `switch` spec. */
export function checkSwitch(spec: SwitchSpec, facts: HostFacts): Finding[] {
  return [checkPath(spec, facts), ...checkDescriptors(spec, facts)]
}

function checkPath({ socket }: SwitchSpec, { socketFile, socketFolder, user }: HostFacts): Finding {
  const problem = (what: string, ...remedy: string[]): Finding => ({
    level: 'problem',
    check: 'socket',
    what,
    remedy,
  })
  const found = socketFile(socket)
  if (found === undefined) {
    const folder = socketFolder(socket)
    if (folder === 'ok') return ok('socket', `${socket} can be made`)
    return problem(
      `${socket} can't be made: its folder ${FOLDER[folder] ?? `can't be used (${folder})`}`,
      'make it, or choose a path in a folder of yours',
    )
  }
  if (typeof found === 'string') return problem(`${socket} can't be looked at (${found})`, `ls -ld ${socket}`)
  if (found.kind !== 'socket')
    return problem(`${socket} is no socket, and stays as it is`, 'choose another path')
  if (found.listener !== undefined) {
    return problem(`${found.listener} listens at ${socket} already`, 'end it, or choose another path')
  }
  if (found.owner !== user.uid) {
    return problem(
      `${socket} is a dead socket of user ${found.owner}, and stays as it is`,
      `sudo rm ${socket}    # if nobody in another network namespace has it`,
    )
  }
  return ok('socket', `${socket} is left over from a program that was killed, and will be replaced`)
}

const FOLDER: Readonly<Record<string, string>> = {
  ENOENT: 'is not there',
  ENOTDIR: 'is no folder',
  EACCES: "is not this user's to write to",
}

function checkDescriptors({ clients }: SwitchSpec, { openFiles }: HostFacts): Finding[] {
  const needed = clients * PER_CLIENT + OTHERS
  if (openFiles === undefined || openFiles >= needed) return []
  return [
    {
      level: 'note',
      check: 'descriptors',
      what: `with ${openFiles} descriptors there is room for some ${Math.max(0, Math.floor((openFiles - OTHERS) / PER_CLIENT))} clients, not ${clients}`,
      why: 'who comes when there are none left is turned away',
      remedy: [`ulimit -n ${needed}`],
    },
  ]
}
