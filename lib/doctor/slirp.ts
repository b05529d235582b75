import type { SlirpSpec } from '../spec/index.js'
import type { HostFacts } from './facts.js'
import { ok } from './finding.js'
import type { Finding } from './finding.js'
import { atLeast } from './version.js'

/** The first kernel that tells of a process's end by descriptor (pidfd_open). */
const PIDFD_SINCE = '5.3'
const INSTALL = 'sudo apt install slirp    # Debian and Ubuntu; it brings slirp-fullbolt'

/** What would keep a `slirp` port from working here. */
export function checkSlirp(spec: SlirpSpec, facts: HostFacts): Finding[] {
  const findings = [checkProgram(spec, facts)]
  if (!atLeast(facts.kernel, PIDFD_SINCE)) {
    findings.push({
      level: 'problem',
      check: 'kernel',
      what: `Linux ${facts.kernel} does not tell when a program has ended: that takes ${PIDFD_SINCE}`,
    })
  }
  return findings
}

function checkProgram({ program }: SlirpSpec, facts: HostFacts): Finding {
  const hasProgram = (name: string) => facts.hasProgram(name)
  if (program === undefined) {
    if (hasProgram('slirp-fullbolt')) return ok('program', 'slirp-fullbolt is installed')
    if (hasProgram('slirp')) return plainSlirp()
    return { level: 'problem', check: 'program', what: 'no slirp is installed', remedy: [INSTALL] }
  }
  if (!hasProgram(program)) {
    return {
      level: 'problem',
      check: 'program',
      what: `there is no program ${program}`,
      remedy: [/^slirp/.test(program) ? INSTALL : 'install it, or give its path'],
    }
  }
  return program === 'slirp' ? plainSlirp() : ok('program', `${program} is there`)
}

function plainSlirp(): Finding {
  return {
    level: 'warning',
    check: 'program',
    what: "Debian's plain slirp ends at once, with status 1, when its line is a socket",
    remedy: ['slirp,,slirp-fullbolt    # of the same package'],
  }
}
