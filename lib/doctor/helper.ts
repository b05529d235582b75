/** What stands between a guest's eth0=tuntap,,,GATE (ethertap, slip) and the program uml_net that UML starts for it. */

import type { HelperCopy, HelperFacts } from '../host/helper_facts.js'
import { POLICY_FILE } from '../host/helper_program.js'
import { ok, problem } from './finding.js'
import type { Finding } from './finding.js'

const CHECK = 'helper'
const SETUID = 0o4000
const SETGID = 0o2000
const OTHERS_WRITE = 0o022

const octal = (mode: number) => mode.toString(8).padStart(4, '0')

export function checkHelper(facts: HelperFacts): Finding[] {
  const [first, ...behind] = facts.copies
  if (first === undefined) {
    return [
      {
        level: 'note',
        check: CHECK,
        what: 'no uml_net is on the PATH',
        why: 'only guests with eth0=tuntap,,,GATE, ethertap or slip need it',
        remedy: ['sudo ethercast helper install'],
      },
    ]
  }
  const besides = [...behind, ...facts.kept].filter(isSetuidForeign).map(besideOurs)
  if (!first.isOurs) return [foreign(first, behind), ...besides]
  const findings = [...checkCopy(first, facts), ...besides, ...checkPolicy(facts), ...checkTun(facts)]
  return findings.length > 0
    ? findings
    : [ok(CHECK, `${first.path} is ours, and ${whoMay(facts)} may use it as ${POLICY_FILE} says`)]
}

const whoMay = ({ user }: HelperFacts) => (user.uid === 0 ? 'whoever the policy names' : user.name)

const isSetuidForeign = ({ isOurs, uid, mode }: HelperCopy) => !isOurs && uid === 0 && (mode & SETUID) !== 0

/** Beside ours, or behind another: whoever wants it starts it by its path. */
function besideOurs({ path, mode, gid }: HelperCopy): Finding {
  const who = (mode & 1) !== 0 ? 'everybody' : `group ${gid}`
  return {
    level: 'warning',
    check: CHECK,
    what: `${path} is another uml_net, setuid root (${octal(mode)}): ${who} may start it`,
    why: 'it asks no policy, and so ours keeps nobody who may from any address',
    remedy: [
      `sudo chmod u-s ${path}`,
      `sudo dpkg-statoverride --update --add root root 0755 ${path}    # if it is a package's: upgrades keep to it`,
    ],
  }
}

function foreign(copy: HelperCopy, behind: readonly HelperCopy[]): Finding {
  const ours = behind.find((each) => each.isOurs)
  const { path } = copy
  const isSetuid = isSetuidForeign(copy)
  return {
    level: isSetuid ? 'warning' : 'note',
    check: CHECK,
    what: `${path} is not ours${isSetuid ? ', and setuid root' : ''}; UML takes it, as the first uml_net on the PATH`,
    why: isSetuid
      ? 'it has no policy: a guest takes any address, and with it the traffic of another host'
      : 'what it allows is its own affair',
    remedy:
      ours === undefined
        ? ['sudo ethercast helper install']
        : [`export PATH=${ours.path.replace(/\/[^/]*$/, '')}:$PATH`],
  }
}

function checkCopy({ path, file, mode, uid, folder }: HelperCopy, facts: HelperFacts): Finding[] {
  const again = 'sudo ethercast helper install'
  if ((mode & (SETUID | SETGID)) !== 0)
    return [problem(CHECK, `${path} is setuid or setgid, and refuses to work so`, [again])]
  // Root needs no capability of the file's, and no policy.
  if (facts.user.uid === 0) {
    return [
      ok(CHECK, `${path} is ours; root may have all devices and addresses, and the policy is for others`),
    ]
  }
  const findings: Finding[] = []
  const add = (...args: Parameters<typeof problem>) => findings.push(problem(...args))
  if (file?.capability !== 'cap_net_admin=ep') {
    const what = file?.capability === 'other' ? 'other capabilities than' : 'not the capability'
    add(CHECK, `${path} has ${what} cap_net_admin: users can make no devices with it`, [again])
  }
  if (uid !== 0 || (mode & OTHERS_WRITE) !== 0)
    add(CHECK, `${path} is not root's alone to write (${octal(mode)})`, [again])
  if (folder)
    add(CHECK, folder.what, [folder.remedy, 'sudo ethercast helper install    # in case it has happened'])
  if (file?.nosuid)
    add(
      CHECK,
      `${path} is on a file system mounted nosuid: its capability does not count`,
      [`sudo ethercast helper install --dir FOLDER    # root's alone, on another file system, on the PATH`],
      'findmnt -T shows which',
    )
  if (facts.noNewPrivs)
    add(CHECK, 'no_new_privs is set here: whatever is started from here gets no capability of a file', [
      'start UML from elsewhere (systemd: NoNewPrivileges=no; a container: --security-opt no-new-privileges=false)',
    ])
  return findings
}

function checkPolicy({ policy }: HelperFacts): Finding[] {
  if (typeof policy.rules === 'string') return [problem(CHECK, policy.rules, [`sudo editor ${POLICY_FILE}`])]
  if (policy.rules.length === 0) {
    return [
      {
        level: 'warning',
        check: CHECK,
        what: `${policy.exists ? `${POLICY_FILE} allows` : `there is no ${POLICY_FILE}: it would allow`} nobody anything`,
        why: "the kernel log of a guest that is refused has the line that would allow it: 'dmesg' there",
        remedy: [`sudo editor ${POLICY_FILE}`],
      },
    ]
  }
  return policy.rules
    .filter(({ unknown }) => unknown.length > 0)
    .map(({ line, unknown }) => ({
      level: 'warning',
      check: CHECK,
      what: `${POLICY_FILE}, line ${line}: neither /etc/passwd nor /etc/group has ${unknown.join(', ')}`,
      why: 'users of other directories (LDAP…) are given by number',
      remedy: [`sudo editor ${POLICY_FILE}`],
    }))
}

function checkTun({ tun, user }: HelperFacts): Finding[] {
  if (tun === undefined) return [problem(CHECK, 'there is no /dev/net/tun', ['sudo modprobe tun'])]
  const { uid, gid, mode } = tun
  const bits = user.uid === uid ? mode >> 6 : user.gids.includes(gid) ? mode >> 3 : mode
  if (user.uid === 0 || (bits & 6) === 6) return []
  const isGroups = ((mode >> 3) & 6) === 6 && gid !== 0
  return [
    problem(
      CHECK,
      `${user.name} can't open /dev/net/tun (${octal(mode)}, owner ${uid}, group ${gid}): the helper opens it with its caller's rights`,
      isGroups
        ? [`sudo usermod -aG ${gid} ${user.name}    # then log in anew`]
        : [
            `sudo groupadd -f uml && sudo usermod -aG uml ${user.name}    # then log in anew`,
            'sudo chgrp uml /dev/net/tun && sudo chmod 0660 /dev/net/tun',
            'tun_device: { group: uml } in ethercast.yaml does it at each boot',
          ],
    ),
  ]
}
