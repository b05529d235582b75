// Who may open /dev/net/tun, decided on what is found there; the machine's own device is left alone (local_system.test.ts sets a file's).
import { strict as assert } from 'node:assert'
import type { Reality } from '../../lib/host/reality.js'
import { tunAccess } from '../../lib/host/resources/tun_access.js'

const found = (access: { gid: number; mode: number; uid: number } | undefined) =>
  ({ access: () => access }) as unknown as Reality

describe('access of /dev/net/tun', () => {
  const wished = { gid: 7, mode: 0o660 }
  const former = found({ uid: 0, gid: 0, mode: 0o600 })
  const made = found({ uid: 0, ...wished })
  const action = (gid: number, mode: number) => ({ do: 'access', path: '/dev/net/tun', gid, mode })

  it('is made, and given back as it was, also from half way', () => {
    const before = tunAccess.before(wished, former)
    assert.deepEqual(before, { gid: 0, mode: 0o600 })
    assert.equal(tunAccess.state(wished, former), 'different')
    assert.deepEqual(tunAccess.make(wished, former), [action(7, 0o660)])
    assert.equal(tunAccess.state(wished, made), 'made')
    assert.deepEqual(tunAccess.make(wished, made), [])
    for (const now of [made, found({ uid: 0, gid: 7, mode: 0o600 })])
      assert.deepEqual(tunAccess.restore(wished, before, now), [action(0, 0o600)])
    assert.deepEqual(tunAccess.restore(wished, before, former), [])
  })

  it('of a device that is not there is an objection', () => {
    assert.equal(tunAccess.state(wished, found(undefined)), 'missing')
    assert.match(
      String(tunAccess.objection!(wished, found(undefined))?.message),
      /there is no \/dev\/net\/tun/,
    )
    assert.equal(tunAccess.objection!(wished, former), undefined)
    assert.deepEqual(tunAccess.restore(wished, null, former), [])
  })
})
