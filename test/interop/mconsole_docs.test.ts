// The examples of docs/mconsole.md, run as they stand there, but for the names of the package and the guest.
import assert from 'node:assert/strict'
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { projectRoot, startNode } from '../support/child.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'

const kSlowMs = 120_000

describe('mconsole: the examples of the documentation', function () {
  this.timeout(kSlowMs)

  const examples = [
    ...readFileSync(join(projectRoot, 'docs/mconsole.md'), 'utf8').matchAll(/```js\n([^]*?)```/g),
  ].map((match) => match[1]!)
  const library = pathToFileURL(join(projectRoot, 'dist/index.js')).href

  it('run', async function () {
    need(this, 'uml')
    assert.equal(examples.length, 2)
    await using lab = await Lab.create()
    const host = await lab.host('a')
    const example = (index: number, umid = '') => {
      const file = join(lab.dir, `example${index}.mjs`)
      writeFileSync(
        file,
        examples[index]!.replaceAll("'ethercast'", `'${library}'`).replaceAll("'debian'", `'${umid}'`),
      )
      return startNode(file, [], { cwd: lab.dir, env: { HOME: lab.dir } })
    }
    const listening = example(1)
    await listening.waitForLine(/^boot a guest/)
    const guest = await host.uml('one', [], ['eth0=mcast', `mconsole=notify:${lab.dir}/guests.sock`])
    const told = await listening.result()
    assert.equal(told.code, 0, told.stderr)
    assert.match(told.stdout, /\nsocket \S+\/mconsole\n$/)

    symlinkSync(join(lab.dir, 'uml'), join(lab.dir, '.uml'))
    const { code, stdout, stderr } = await example(0, guest.umid).result()
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^Linux .*\nENODEV -19 Device doesn't exist\n$/)
  })
})
