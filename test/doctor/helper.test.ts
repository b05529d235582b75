// What the doctor says of the helper uml_net, on hosts that are made up.
import assert from 'node:assert/strict'
import { checkHelper } from '../../lib/doctor/helper.js'
import type { HelperCopy, HelperFacts } from '../../lib/host/helper_facts.js'

const ours: HelperCopy = {
  path: '/usr/local/bin/uml_net',
  isOurs: true,
  uid: 0,
  gid: 0,
  mode: 0o755,
  file: { capability: 'cap_net_admin=ep', nosuid: false },
}
const debians: HelperCopy = { path: '/usr/bin/uml_net', isOurs: false, uid: 0, gid: 104, mode: 0o4754 }
const harmless: HelperCopy = { ...debians, mode: 0o755 }
const good: HelperFacts = {
  copies: [ours, harmless],
  kept: [],
  noNewPrivs: false,
  policy: { exists: true, rules: [{ line: 1, rule: 'allow user alice device tap*', unknown: [] }] },
  tun: { uid: 0, gid: 1001, mode: 0o660 },
  user: { uid: 1000, gids: [1000, 1001], name: 'alice' },
}

/** `level: what` of each finding, and its remedies. */
function said(changes: Partial<HelperFacts>): { texts: string[]; remedies: string } {
  const findings = checkHelper({ ...good, ...changes })
  for (const { check } of findings) assert.equal(check, 'helper')
  return {
    texts: findings.map(({ level, what }) => `${level}: ${what}`),
    remedies: findings.flatMap(({ remedy }) => remedy ?? []).join('\n'),
  }
}
const withOurs = (changes: Partial<HelperCopy>) => said({ copies: [{ ...ours, ...changes }] })

describe('doctor: the helper uml_net', () => {
  it('all is well: one line', () => {
    const { texts } = said({})
    assert.equal(texts.length, 1)
    assert.match(texts[0]!, /^ok: \/usr\/local\/bin\/uml_net is ours, and alice may use it/)
  })

  it('none, and others', () => {
    assert.match(said({ copies: [] }).texts.join(), /^note: no uml_net is on the PATH$/)
    const foreign = said({ copies: [debians] })
    assert.match(foreign.texts.join(), /^warning: \/usr\/bin\/uml_net is not ours, and setuid root/)
    assert.match(foreign.remedies, /helper install/)
    assert.equal(said({ copies: [debians, ours] }).remedies, 'export PATH=/usr/local/bin:$PATH')
    assert.match(said({ copies: [{ ...debians, mode: 0o755 }] }).texts.join(), /^note: .* is not ours; UML/)
  })

  it("a setuid copy of another's beside ours, or put aside, makes the policy no boundary", () => {
    const beside = said({ copies: [ours, debians] })
    assert.match(
      beside.texts.join(),
      /^warning: \/usr\/bin\/uml_net is another uml_net, setuid root \(4754\): group 104 may start it$/,
    )
    assert.match(
      beside.remedies,
      /^sudo chmod u-s \/usr\/bin\/uml_net\nsudo dpkg-statoverride --update --add /,
    )
    const kept = { ...debians, path: '/usr/local/bin/uml_net.before-ethercast', mode: 0o4755 }
    assert.match(said({ kept: [kept] }).texts.join(), /^warning: .*before-ethercast is another.*everybody/)
    assert.match(said({ kept: [{ ...kept, mode: 0o755 }] }).texts.join(), /^ok/)
    assert.match(said({ kept: [{ ...kept, uid: 7 }] }).texts.join(), /^ok/)
  })

  it('a folder that others can write', () => {
    const { texts, remedies } = withOurs({
      folder: {
        what: 'the folder /usr/local may be written by group 50',
        remedy: 'sudo chmod g-w /usr/local',
      },
    })
    assert.match(texts.join(), /^problem: the folder \/usr\/local may be written by group 50$/)
    assert.match(remedies, /^sudo chmod g-w \/usr\/local$/m)
    assert.match(
      withOurs({ file: { capability: 'cap_net_admin=ep', nosuid: true } }).remedies,
      /--dir FOLDER {4}# root's alone/,
    )
  })

  it('an installed copy that can not work', () => {
    assert.match(withOurs({ file: { capability: 'none', nosuid: false } }).texts.join(), /not the capability/)
    assert.match(
      withOurs({ file: { capability: 'other', nosuid: false } }).texts.join(),
      /other capabilities/,
    )
    assert.match(
      withOurs({ file: { capability: 'cap_net_admin=ep', nosuid: true } }).texts.join(),
      /problem: .*mounted nosuid/,
    )
    assert.match(withOurs({ mode: 0o4755 }).texts.join(), /setuid or setgid/)
    assert.match(withOurs({ mode: 0o775 }).texts.join(), /is not root's alone to write \(0775\)/)
    assert.match(said({ noNewPrivs: true }).texts.join(), /^problem: no_new_privs/)
  })

  it('root needs neither capability nor policy', () => {
    const root = { uid: 0, gids: [0], name: 'root' }
    const { texts } = said({
      copies: [{ ...ours, file: { capability: 'none', nosuid: true } }],
      noNewPrivs: true,
      tun: { uid: 0, gid: 0, mode: 0o600 },
      user: root,
    })
    assert.equal(texts.length, 1)
    assert.match(texts[0]!, /^ok: .*root may have all/)
  })

  it('the policy', () => {
    assert.match(
      said({ policy: { exists: true, rules: 'FILE, line 3: x' } }).texts.join(),
      /^problem: FILE, line 3/,
    )
    assert.match(said({ policy: { exists: false, rules: [] } }).texts.join(), /^warning: there is no \/etc/)
    assert.match(said({ policy: { exists: true, rules: [] } }).texts.join(), /allows nobody anything$/)
    const unknown = [{ line: 4, rule: 'allow user bob device x', unknown: ['bob'] }]
    assert.match(
      said({ policy: { exists: true, rules: unknown } }).texts.join(),
      /^warning: .*line 4: .* has bob$/,
    )
  })

  it('/dev/net/tun: by owner, by group, by everybody', () => {
    const tun = (mode: number, gid = 1001, uid = 0) => said({ tun: { uid, gid, mode } })
    assert.match(tun(0o600).texts.join(), /alice can't open \/dev\/net\/tun \(0600, owner 0, group 1001\)/)
    assert.match(tun(0o600).remedies, /chgrp uml \/dev\/net\/tun && sudo chmod 0660/)
    assert.match(tun(0o660, 7).remedies, /^sudo usermod -aG 7 alice/)
    // Who is in the group has its bits, and not everybody's.
    assert.match(tun(0o606).texts.join(), /can't open/)
    for (const fine of [tun(0o666, 7), tun(0o660), tun(0o600, 0, 1000)])
      assert.match(fine.texts.join(), /^ok/)
    assert.match(said({ tun: undefined }).remedies, /modprobe tun/)
  })
})
