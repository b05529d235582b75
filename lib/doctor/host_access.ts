/** Who may make taps and captures here: /dev/net/tun, its mode and group, and the capabilities of this process. capabilities(7), tun.rst. */

import type { HostFacts } from './facts.js'
import { ok } from './finding.js'
import type { Finding } from './finding.js'

const PATH = '/dev/net/tun'
const GROUP_RW = 0o060
const OTHERS_RW = 0o006

export function checkAccess(facts: HostFacts): Finding[] {
  return [...checkTunDevice(facts), checkRights(facts)]
}

function checkTunDevice(facts: HostFacts): Finding[] {
  const tun = facts.tunDevice?.()
  if (tun === undefined) return []
  if (typeof tun === 'string') return [absent(tun)]
  const { user } = facts
  const mode = `0${tun.mode.toString(8)}`
  const group = tun.groupName ?? String(tun.gid)
  const isOpenTo = (bits: number) => (tun.mode & bits) === bits
  const mayOpen =
    user.uid === tun.uid || (user.groups.includes(tun.gid) ? isOpenTo(GROUP_RW) : isOpenTo(OTHERS_RW))
  if (mayOpen) {
    const opened = facts.tunFeatures()
    if (typeof opened === 'string') return [refused(opened)]
    return [ok('access', `${PATH} opens; it is for ${forWhom(isOpenTo, group)} (${mode})`)]
  }
  return [
    {
      level: 'note',
      check: 'access',
      what: `${PATH} is for ${forWhom(isOpenTo, group)} (${mode}), and this user (${user.uid}) is not among them`,
      why: 'only taps need it: mcast, ucast, switches and sockets do not',
      remedy: isOpenTo(GROUP_RW)
        ? [`sudo usermod -aG ${group} $USER    # then log in again`]
        : [
            `sudo groupadd -f tun; sudo usermod -aG tun $USER    # then log in again`,
            `sudo chgrp tun ${PATH}; sudo chmod 0660 ${PATH}`,
            'to have it so after each boot, in ethercast.yaml: tun_device: { group: tun }',
          ],
    },
  ]
}

function forWhom(isOpenTo: (bits: number) => boolean, group: string): string {
  if (isOpenTo(OTHERS_RW)) return 'everybody'
  return isOpenTo(GROUP_RW) ? `root and the group ${group}` : 'root alone'
}

function absent(errno: string): Finding {
  return {
    level: 'note',
    check: 'access',
    what: `there is no ${PATH} (${errno}): no taps can be made or joined`,
    why: 'only taps need it: mcast, ucast, switches and sockets do not',
    remedy: [
      'sudo modprobe tun',
      'docker run --device /dev/net/tun --cap-add NET_ADMIN …    # in a container',
    ],
  }
}

/** A mode that allows it is not all: a container may keep the device away. */
function refused(errno: string): Finding {
  return {
    level: 'note',
    check: 'access',
    what: `${PATH} is there, but does not open (${errno})`,
    why: errno === 'EPERM' ? 'this container may not use the device' : 'the kernel has no driver for it',
    remedy: [
      errno === 'EPERM'
        ? 'docker run --device /dev/net/tun --cap-add NET_ADMIN …    # from outside'
        : 'sudo modprobe tun',
    ],
  }
}

function checkRights(facts: HostFacts): Finding {
  const { hasNetAdmin, hasNetRaw } = facts.user
  if (hasNetAdmin && hasNetRaw !== false)
    return ok('rights', 'this process may set up devices (CAP_NET_ADMIN) and capture (CAP_NET_RAW)')
  const lacking = [...(hasNetAdmin ? [] : ['CAP_NET_ADMIN']), ...(hasNetRaw === false ? ['CAP_NET_RAW'] : [])]
  const without = [
    ...(hasNetAdmin ? [] : ['make or set up devices']),
    ...(hasNetRaw === false ? ['capture'] : []),
  ]
  return {
    level: 'note',
    check: 'rights',
    what: `without ${lacking.join(' and ')}: this process can't ${without.join(' or ')}`,
    why: 'all else works; `ethercast plan` does, too',
    remedy: [
      hasNetAdmin
        ? 'sudo ethercast …, or a container with --cap-add NET_RAW'
        : 'sudo ethercast up    # makes what ethercast.yaml describes, with taps of your own',
    ],
  }
}
