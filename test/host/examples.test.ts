// The files in examples/: each is valid, and nothing stands against it on the host that its head describes.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { guestTexts } from '../../lib/host/guest_text.js'
import { loadConfig } from '../../lib/host/load.js'
import { objections } from '../../lib/host/objections.js'
import { projectRoot } from '../support/child.js'
import { link, reality, route } from './realities.js'

const folder = join(projectRoot, 'examples')
const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'))
const host = {
  ...reality(),
  links: [link('lo', ['127.0.0.1/8', '::1/128']), link('eth0', ['198.18.9.1/24', '2001:db8:9::1/64'])],
  routes: [
    route('default', { via: '198.18.9.2', device: 'eth0' }),
    route('::/0', { via: '2001:db8:9::2', device: 'eth0' }),
  ],
}

describe('examples', () => {
  it('are the recipes', () => {
    assert.deepEqual(files.map((name) => name.replace('.yaml', '')).sort(), [
      'bridged',
      'masqueraded',
      'mesh',
      'port_forwarded',
      'routed_proxy_arp',
      'slip',
    ])
  })

  for (const name of files) {
    it(name, () => {
      const path = join(folder, name)
      const { config, describe } = loadConfig(path)
      assert.deepEqual(objections(config, host).map(describe), [])
      const text = readFileSync(path, 'utf8')
      assert.match(text, /^# yaml-language-server: \$schema=\.\.\/schema\/ethercast\.schema\.json\n#\n# \w/)
      // What the head says of the guest's command line is what `plan` prints.
      const heads = text.replace(/,\n#\s+/g, ',')
      const texts = guestTexts(config, host)
      assert.ok(texts.length > 0)
      for (const guest of texts) {
        const [line] = guest.lines
        const [, device] = /^# UML: (\S+)/.exec(line!) ?? assert.fail(line)
        const said = device!.replace(/^eth0=mcast$/, 'eth0=mcast,,239.192.168.1,1102,1')
        assert.ok(heads.includes(said), `${said} is not in the head of ${name}`)
        assert.ok(
          guest.lines.some((each) => /^ip route add default via [\d.]+/.test(each)),
          guest.lines.join('\n'),
        )
      }
    })
  }
})
