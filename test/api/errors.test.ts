// What an error says when the system, and not the caller, is to blame.
import assert from 'node:assert/strict'
import dgram from 'node:dgram'
import { once } from 'node:events'
import { EthercastError } from '../../lib/index.js'
import { freeUdpPorts } from '../support/fresh.js'
import { randomGroup } from '../support/transports.js'
import { loGroup, useSwitches } from './lan.js'

describe('errors', () => {
  const switches = useSwitches()

  async function failure(spec: string): Promise<EthercastError> {
    const lan = await switches.create()
    const error = await lan.addPort(spec).then(
      () => assert.fail(`${spec} opened`),
      (reason: unknown) => reason,
    )
    assert.equal(lan.ports.size, 0)
    assert.ok(error instanceof EthercastError, String(error))
    assert.ok(error instanceof Error)
    assert.equal(error.name, 'EthercastError')
    return error
  }

  it('of the kernel keep the errno as code, with the system call and the port', async () => {
    const taken = dgram.createSocket('udp4')
    taken.bind(0, '127.0.0.1')
    await once(taken, 'listening')
    try {
      const spec = `ucast,,127.0.0.1,${taken.address().port},9`
      const error = await failure(spec)
      assert.deepEqual(
        [error.code, error.errno, error.syscall, error.port, error.field],
        ['EADDRINUSE', 'EADDRINUSE', 'bind', spec, undefined],
      )
      assert.match(error.message, /can't bind 127\.0\.0\.1 port \d+.*ss -ulnp/)
    } finally {
      taken.close()
    }
  })

  it('a group’s port that somebody holds without sharing it', async () => {
    const taken = dgram.createSocket('udp4')
    taken.bind(0)
    await once(taken, 'listening')
    try {
      const error = await failure(`mcast,,${randomGroup()},${taken.address().port},1,interface=lo`)
      assert.deepEqual([error.code, error.syscall], ['EADDRINUSE', 'bind'])
    } finally {
      taken.close()
    }
  })

  it('name the field of an interface that is not there, and the ones that are', async () => {
    for (const spec of [`mcast,,${randomGroup()},interface=nosuch0`, 'ucast,,127.0.0.1,interface=nosuch0']) {
      const error = await failure(spec)
      assert.deepEqual([error.code, error.field], ['ERR_ETHERCAST_FIELD', 'interface'])
      assert.match(error.message, /nosuch0.*\blo\b/)
      assert.equal(error.errno, undefined)
    }
  })

  it('of an address family that differs from the group’s', async () => {
    const error = await failure(loGroup(',source=2001:db8::1'))
    assert.deepEqual([error.code, error.field], ['ERR_ETHERCAST_FIELD', 'source'])
  })

  it('leave the switch as it was: the next port opens', async () => {
    const lan = await switches.create()
    const [free] = await freeUdpPorts(1)
    await assert.rejects(lan.addPort('ucast,,127.0.0.1,interface=nosuch0'))
    const port = await lan.addPort(`ucast,,127.0.0.1,${free},9`)
    await assert.rejects(lan.addPort(`ucast,,127.0.0.1,${free},9`), { code: 'EADDRINUSE' })
    assert.deepEqual([...lan.ports.values()], [port])
  })
})
