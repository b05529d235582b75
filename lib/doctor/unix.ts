/** What can be said of the path of a Unix socket before a port makes one there, or connects; of its clients, too. unix(7). */

import type { HostFacts } from './facts.js'
import { ok, problem } from './finding.js'
import type { Finding } from './finding.js'
import type { FolderFault, UnixType } from './sockets.js'

/** A path where a socket is to be made: the rules of native/engine/unix_folder.h and unix_socket.h. */
export function checkMade(path: string, { sockets, user }: HostFacts): Finding {
  const fault = sockets.folderFault(path)
  if (fault !== undefined) return checkFolder(fault, path)
  const found = sockets.named(path)
  const other = ['choose another path']
  if (found === undefined) return ok('socket', `${path} can be made`)
  if (typeof found === 'string') return unseen('socket', path, found)
  if (found.kind !== 'socket') return problem('socket', `${path} is no socket, and stays (EEXIST)`, other)
  if (found.holder !== undefined) {
    const { name } = found.holder
    const who = name === 'somebody' ? [`ss -xap src ${path}    # as root: says who`] : []
    const remedy = [...who, 'end that program, or choose another path']
    return problem('socket', `${heldBy(found.holder, path)} already (EADDRINUSE)`, remedy)
  }
  if (found.owner !== user.uid) {
    const remedy = [`sudo rm ${path}    # if nobody in another network namespace has it`, ...other]
    return problem('socket', `${path} is a socket of user ${found.owner}, and stays (EPERM)`, remedy)
  }
  return ok('socket', `${path} is left over, as seen from this network namespace, and will be replaced`)
}

function checkFolder({ why, part }: FolderFault, path: string): Finding {
  if (why === 'missing') return problem('socket', `there is no folder ${part} (ENOENT)`, [`mkdir -p ${part}`])
  const texts = {
    'no folder': `${part} is no folder (ENOTDIR)`,
    closed: `this user may not make a socket in ${part} (EACCES)`,
    'foreign link': `another user's symbolic link ${part} is on the way to ${path} (EPERM)`,
    'open to all': `anybody may change what is in ${part}, also ${path} (EPERM)`,
  }
  return problem('socket', texts[why], ['choose a path in a folder of your own, as $XDG_RUNTIME_DIR'])
}

export interface Peer {
  /** What the port connects to. */
  type: UnixType
  /** It may come later. */
  isAwaited: boolean
  /** How to start one. */
  start?: string[]
  /** Why one in another network namespace can't be used; left out: it can. */
  elsewhere?: string
}

/** Which specs go with a socket of a type. */
const JOINS: Readonly<Record<UnixType, string>> = {
  stream: 'stream,connect=',
  seqpacket: 'bess,connect=',
  dgram: 'dgram,local=./here.sock,remote=',
}

/** A path where somebody else's socket is to be. */
export function checkPeer(
  path: string,
  { type, isAwaited, start, elsewhere }: Peer,
  facts: HostFacts,
): Finding {
  const found = facts.sockets.at(path)
  const begin = start ?? ['start the other side first']
  const absent = (what: string, errno: string, why?: string, isSure = true): Finding => {
    const level = isAwaited ? 'note' : isSure ? 'problem' : 'warning'
    const told = isAwaited ? `${what} yet: the port waits` : `${what} (${errno})`
    const remedy = isAwaited ? [] : [...begin, 'or wait for it: wait=on']
    return { ...problem('peer', told, remedy, why), level }
  }
  if (found === undefined) return absent(`${path} is not there`, 'ENOENT')
  if (typeof found === 'string') return unseen('peer', path, found)
  if (found.kind !== 'socket') {
    return problem('peer', `${path} is no socket (ENOTSOCK)`, ['give the path of the other side'])
  }
  if (!found.isWritable) {
    return problem(
      'peer',
      `this user may not connect to ${path} (EACCES): it is user ${found.owner}'s, with mode ${found.mode.toString(8)}`,
      [`sudo chgrp GROUP ${path}; sudo chmod g+w ${path}    # a group of yours`],
      'connecting takes the right to write to it',
    )
  }
  if (found.holder === undefined) {
    const why =
      elsewhere ??
      'it is left over from a program that has ended, or the program is in another network namespace'
    return absent(
      `nobody in this network namespace has ${path}`,
      'ECONNREFUSED',
      why,
      elsewhere !== undefined,
    )
  }
  if (found.holder.type !== type) {
    const what = `${path} is a ${found.holder.type} socket, not a ${type} one (EPROTOTYPE)`
    return problem('peer', what, [`it may be one for ${JOINS[found.holder.type]}${path}`])
  }
  return ok('peer', heldBy(found.holder, path))
}

function heldBy({ name, type }: { name: string; type: UnixType }, path: string): string {
  return `${name} ${type === 'dgram' ? 'has' : 'listens at'} ${path}`
}

function unseen(check: string, path: string, errno: string): Finding {
  return problem(check, `${path} can't be looked at (${errno})`, [`ls -ld ${path}`])
}

/** Descriptors that a process has besides those of its clients. */
const OTHER_DESCRIPTORS = 64

/** Whether there are descriptors for the clients of a listener. @param each how many a client takes */
export function checkClients(clients: number, each: number, { openFiles }: HostFacts): Finding[] {
  const needed = clients * each + OTHER_DESCRIPTORS
  if (openFiles === undefined || openFiles >= needed) return []
  const room = Math.max(0, Math.floor((openFiles - OTHER_DESCRIPTORS) / each))
  return [
    {
      level: 'note',
      check: 'clients',
      what: `with ${openFiles} descriptors there is room for some ${room} clients, not ${clients}`,
      why: 'nobody is taken while there are none left',
      remedy: [`ulimit -n ${needed}`],
    },
  ]
}
