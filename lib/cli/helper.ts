/** `ethercast helper`: the program uml_net that UML kernels start, installed with the one capability that it needs, and its policy. */

import { spawnSync } from 'node:child_process'
import type { Command } from 'commander'
import { checkHelper } from '../doctor/helper.js'
import { helperFacts } from '../host/helper_facts.js'
import { DEFAULT_FOLDER, installHelper, uninstallHelper } from '../host/helper_install.js'
import { POLICY_FILE, readPolicy } from '../host/helper_program.js'
import { EthercastError } from '../spec/error.js'
import { showFinding } from './doctor.js'
import { print, printEvent } from './output.js'
import { counted } from './port_text.js'

const EXAMPLES = `
Examples:
  sudo ethercast helper install          into ${DEFAULT_FOLDER}; allows nothing yet
  sudo editor ${POLICY_FILE}
  ethercast helper policy                who may what
  ethercast helper check --user alice    what stands between her UML and it
  sudo ethercast helper uninstall        what had its name before is back

Guests of users in the policy then have eth0=tuntap,,,GATE, eth0=ethertap,… and
eth0=slip,… without root. What no line allows is refused, and the guest's kernel
log has the line that would allow it.
Exit code: 0 done, 1 failed or problems found, 2 wrong usage or a faulty policy.`

interface Output {
  json?: boolean
}
interface InstallFlags extends Output {
  dir: string
  group?: string
}

export function register(program: Command): void {
  const helper = program
    .command('helper')
    .summary("UML's helper uml_net: install it without setuid, and say who may what")
    .description(
      'The program uml_net that UML kernels start, installed with one capability instead of setuid root.',
    )
    .addHelpText('after', EXAMPLES)
  const command = (name: string, summary: string) =>
    helper.command(name).description(summary).option('--json', 'one JSON object a line')
  command('install', "copies it, root's, and gives it the capability cap_net_admin")
    .option('--dir <folder>', "where to, on the PATH before others' uml_net", DEFAULT_FOLDER)
    .option('--group <name>', 'only its members may run it (by name or number)')
    .action(install)
  command('uninstall', 'removes it; what had its name before is back, the policy stays')
    .option('--dir <folder>', 'where it is', DEFAULT_FOLDER)
    .action(({ dir, json }: InstallFlags) => {
      const done = uninstallHelper(dir)
      if (json) return printEvent('done', done)
      print(done.restored ? `${done.path} is what it was before` : `${done.path} is removed`)
      print(`${POLICY_FILE} is left as it is`)
    })
  command('check', 'what would keep a user from using it, each with the remedy')
    .option('--user <name>', 'who is meant; default: who typed this')
    .action(check)
  command('policy', 'who may what; `policy check FILE` reads another file')
    .argument('[check]', 'the word check, before a FILE')
    .argument('[file]', `default ${POLICY_FILE}`)
    .action(policy)
}

function install({ dir, group, json }: InstallFlags): void {
  const gid = group === undefined ? undefined : groupNumber(group)
  const done = installHelper({ dir, gid })
  if (json) return printEvent('done', done)
  print(`${done.path}: root's, mode ${gid === undefined ? '0755' : '0750'}, with cap_net_admin`)
  if (done.kept !== undefined) print(`${done.kept}: what had this name before; uninstall brings it back`)
  if (done.keptMode !== undefined)
    print(`${done.kept}: was ${done.keptMode}, and is no longer setuid or setgid: it has no policy`)
  print(
    done.wrotePolicy
      ? `${POLICY_FILE}: an example, with nothing allowed yet`
      : `${POLICY_FILE}: was there, and is not touched`,
  )
}

function groupNumber(group: string): number {
  if (/^\d+$/.test(group)) return Number(group)
  const { stdout } = spawnSync('getent', ['group', '--', group], { encoding: 'utf8' })
  const gid = /^[^:]*:[^:]*:(\d+)/.exec(stdout ?? '')?.[1]
  if (gid !== undefined) return Number(gid)
  throw new EthercastError(
    'ERR_ETHERCAST_FIELD',
    `there is no group ${group}: sudo groupadd ${group} makes it, getent group lists all`,
    { field: 'group', value: group },
  )
}

function check({ user, json }: Output & { user?: string }): void {
  const findings = checkHelper(helperFacts(user))
  for (const finding of findings) {
    if (json) printEvent('finding', finding)
    else showFinding(finding)
  }
  const problems = findings.filter(({ level }) => level === 'problem').length
  if (json) printEvent('done', { problems })
  if (problems > 0) process.exitCode = 1
}

function policy(word: string | undefined, file: string | undefined, { json }: Output): void {
  if ((word !== undefined && word !== 'check') || (word === 'check' && file === undefined)) {
    throw new EthercastError(
      'ERR_ETHERCAST_FIELD',
      `helper policy ${word} is unknown: allowed are helper policy, and helper policy check FILE`,
      { field: 'check', value: word },
    )
  }
  const rules = readPolicy(file)
  for (const rule of rules) {
    if (json) printEvent('rule', rule)
    else print(`${rule.line}: ${rule.rule}${unknownText(rule.unknown)}`)
  }
  if (json) printEvent('done', { file: file ?? POLICY_FILE, rules: rules.length })
  else print(`${file ?? POLICY_FILE}: ${counted(rules.length, 'rule')}; what none allows is refused`)
}

const unknownText = (unknown: readonly string[]) =>
  unknown.length === 0 ? '' : `    # nobody is called ${unknown.join(', ')}`
