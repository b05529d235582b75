// ethercast.yaml: what is read from it, and how it is refused: everything at once, each with its place and what is allowed.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as z from 'zod'
import { hostConfigSchema } from '../../lib/host/config.js'
import { ConfigError, findConfig, loadConfig, parseConfig } from '../../lib/host/load.js'
import { MAX_FILE } from '../../lib/host/yaml_text.js'
import { EthercastError } from '../../lib/spec/index.js'
import { FULL, refusals } from './files.js'

describe('configuration: what is read', () => {
  it('every key there is', () => {
    const { config } = parseConfig(FULL)
    const { tap0, tap1 } = config.taps
    assert.deepEqual(tap0, {
      addresses: ['198.18.1.254/24', '2001:db8:1::fe/64'],
      mtu: 1458,
      owner: 'alice',
      group: 100,
      queues: 4,
      share_address: true,
    })
    assert.deepEqual(tap1, { addresses: [], queues: 1, share_address: false })
    assert.equal(config.tun_device?.mode, '0660')
    assert.deepEqual(config.bridges.br0?.ports, ['tap1', 'eth1'])
    assert.equal(config.routes[1]?.via, '2001:db8:1::1')
    assert.equal(config.guests.one?.gateway, '198.18.1.254')
    assert.equal(config.switches.mesh?.ports.length, 2)
    // Everything that the schema has is in that file, so that nothing of it goes untried.
    const keys = Object.keys(hostConfigSchema.shape)
    assert.deepEqual(Object.keys(config).sort(), keys.sort())
  })

  it('a key with nothing behind it is empty', () => {
    const { config } = parseConfig('taps:\nbridges:\n  br0:\nroutes:\nguests:\nforwarding:\n')
    assert.deepEqual(config.taps, {})
    assert.deepEqual(config.routes, [])
    assert.deepEqual(config.bridges.br0, { ports: [], addresses: [], confirm: false })
  })

  it('aliases, a few, and Windows line ends', () => {
    const { config } = parseConfig('taps:\r\n  tap0: &one\r\n    mtu: 1400\r\n  tap1: *one\r\n')
    assert.equal(config.taps.tap1?.mtu, 1400)
  })

  it('the schema can be exported for editors', () => {
    const schema = z.toJSONSchema(hostConfigSchema, { io: 'input' })
    assert.equal(schema.additionalProperties, false)
    assert.deepEqual(Object.keys(schema.properties ?? {}), Object.keys(hostConfigSchema.shape))
  })

  it('places of keys, values and what is missing', () => {
    const { positionOf, describe } = parseConfig(FULL, 'f.yaml')
    const lines = FULL.split('\n')
    const here = (...path: (string | number)[]) => {
      const { line, column } = positionOf(path)
      return lines[line - 1]!.slice(column - 1)
    }
    assert.match(here('taps', 'tap0'), /^tap0:/)
    assert.match(here('taps', 'tap0', 'addresses', 1), /^2001:db8:1::fe/)
    assert.match(here('taps', 'tap0', 'mtu'), /^1458/)
    assert.match(here('taps', 'tap1', 'mtu'), /^tap1:/)
    assert.match(here('bridges', 'br0', 'addresses', 0), /^198\.18\.2\.254/)
    assert.match(here('routes', 1), /^\{ to: default/)
    assert.match(here('guests', 'one', 'resolvers', 0), /^198\.18\.2\.53/)
    assert.match(here('switches', 'mesh', 'ports', 1), /^\{ transport/)
    assert.deepEqual(positionOf([]), { line: 2, column: 1 })
    const path = ['taps', 'tap0', 'mtu']
    assert.equal(describe({ path, message: 'is odd', remedy: 'mend it' }), 'f.yaml:6:10: is odd; mend it')
  })
})

describe('configuration: what is refused', () => {
  const cases: [why: string, text: string, ...expected: (string | RegExp)[]][] = [
    [
      'a slip of the fingers in a section',
      'brigdes: {}',
      /^f:1:1: unknown key brigdes: did you mean bridges\?/,
    ],
    [
      'a slip of the fingers further in',
      'taps:\n  tap0:\n    adresses: []\n',
      'f:3:5: unknown key adresses in taps.tap0: did you mean addresses? (allowed are addresses, mtu, owner, group, queues, share_address)',
    ],
    [
      'a mtu too small',
      'taps: {tap0: {mtu: 12}}',
      'f:1:20: taps.tap0.mtu: 12 is too small: allowed are 68 to 65521',
    ],
    ['an account', 'taps: {tap0: {owner: -1}}', /owner: -1 is too small: allowed are 0 to 4294967294/],
    [
      'an account that is none',
      'taps: {tap0: {owner: true}}',
      /true is no user or group: write its name or its/,
    ],
    ['a fraction', 'taps: {tap0: {mtu: 1.5}}', /1\.5 is not a whole number/],
    [
      'a number in quotation marks',
      'taps: {tap0: {mtu: "1500"}}',
      /1500 is not a number: write it without quot/,
    ],
    [
      'yes',
      'taps: {tap0: {share_address: yes}}',
      'f:1:30: taps.tap0.share_address: yes is not true or false: write true',
    ],
    ['no list', 'taps: {tap0: {addresses: 198.18.1.1/24}}', /is not a list: write \[198\.18\.1\.1\/24\]/],
    [
      'a mode without quotation marks',
      'tun_device: {group: 0, mode: 0660}',
      /mode: 660 is not text: write it in quo/,
    ],
    [
      'no mode',
      'tun_device: {group: 0, mode: "0980"}',
      /mode: 0980 is no mode: write 0660 in quotation marks/,
    ],
    ['a missing key', 'tun_device: {}', 'f:1:1: the key group in tun_device is missing'],
    [
      'missing keys',
      'guests:\n  one: {}\n',
      'f:2:3: the key device in guests.one is missing: it is text',
      'f:2:3: the key addresses in guests.one is missing: it is a list',
    ],
    [
      'nothing behind a key that needs something',
      'slip: {sl0: }',
      /slip\.sl0: nothing is not a mapping of keys/,
    ],
    ['an empty list', 'guests: {a: {device: tap0, addresses: []}}', /the list is empty: it needs one entry/],
    [
      'a choice',
      'forwarding: [ipv3]',
      'f:1:14: forwarding[0]: ipv3 is not allowed: did you mean ipv4? (allowed are ipv4, ipv6)',
    ],
    [
      'a long name',
      'taps: {abcdefghijklmnop: }',
      "f:1:8: taps: abcdefghijklmnop has 16 characters: a device's name has at most 15",
    ],
    ['a name with a space', 'taps: {"ta p": }', /taps: "ta p" is no name of a device: allowed are letters/],
    ['an empty name', 'taps: {"": }', /is empty: a device's name is meant/],
    ['a name like an option', 'taps: {-x: }', /-x is no name of a device/],
    ['the dots', 'bridges: {br0: {ports: [..]}}', /bridges\.br0\.ports\[0\]: \.\. is no name of a device/],
    ['what sysctl means by all', 'taps: {all: }', /all means something else to the kernel/],
    ['what JavaScript means', 'taps: {__proto__: {}}', /__proto__ is no key/],
    [
      'a guest with a space',
      'guests: {"a b": {device: t, addresses: [198.18.1.1/24]}}',
      /guests: "a b" is no name/,
    ],
    [
      'an address that is none',
      'taps: {t: {addresses: [198.18.1.300/24]}}',
      /198\.18\.1\.300\/24 is no address: write it with the/,
    ],
    [
      'a net for an address',
      'taps: {t: {addresses: [198.18.1.0/24]}}',
      /the net itself: write a host's, such as 198\.18\.1\.1\/24/,
    ],
    [
      'a broadcast address',
      'taps: {t: {addresses: [198.18.1.127/25]}}',
      /every host of its net.*such as 198\.18\.1\.1\/25/,
    ],
    [
      'an IPv6 net',
      'taps: {t: {addresses: ["2001:db8::/64"]}}',
      /the net itself: write a host's, such as 2001:db8::1\/64/,
    ],
    [
      'the whole world',
      'taps: {t: {addresses: [198.18.1.1/0]}}',
      /has the length 0, the whole world: 32 is one/,
    ],
    [
      'a group',
      'taps: {t: {addresses: [239.1.2.3/24]}}',
      /239\.1\.2\.3\/24 is a group's address, not a host's/,
    ],
    [
      'loopback',
      'proxy_arp: [{address: 127.0.0.1, device: eth0}]',
      /127\.0\.0\.1 is the address of every machine to itself/,
    ],
    [
      'loopback of a guest',
      'guests: {g: {device: t, addresses: ["127.1.2.3/8"]}}',
      /127\.1\.2\.3\/8 is the address of every machine/,
    ],
    [
      'loopback of a line',
      'slip: {s: {host: 198.18.1.1, guest: 127.0.0.1}}',
      /127\.0\.0\.1 is the address of every machine/,
    ],
    [
      'loopback of a port forward',
      'port_forwards: [{port: 1, to: "::1"}]',
      /::1 is the address of every machine/,
    ],
    ['nobody', 'proxy_arp: [{address: 0.0.0.0, device: eth0}]', /0\.0\.0\.0 is the address of no host/],
    [
      'everybody',
      'proxy_arp: [{address: 255.255.255.255, device: eth0}]',
      /the address of every host at once/,
    ],
    [
      'an IPv4 address in an IPv6 one',
      'proxy_arp: [{address: "::ffff:198.18.1.1", device: eth0}]',
      /write 198\.18\.1\.1$/,
    ],
    [
      'an address with a length',
      'proxy_arp: [{address: 198.18.1.1/24, device: e}]',
      /has a length: write 198\.18\.1\.1, one address/,
    ],
    [
      'a zone',
      'routes: [{to: default, via: "fe80::1%eth0"}]',
      /has a zone: write fe80::1, and the device where/,
    ],
    ['a host for a net', 'masquerade: [{from: 198.18.1.1/24, out: e}]', /the net is 198\.18\.1\.0\/24/],
    ['no net', 'routes: [{to: somewhere, device: e}]', /somewhere is no net: write one such as/],
    [
      'a route to nowhere',
      'routes: [{to: default}]',
      'f:1:10: routes[0]: this leads nowhere: give it via: or device:',
    ],
    [
      'IPv6 on a slip line',
      'slip: {sl0: {host: "2001:db8::1", guest: 198.18.1.1}}',
      /is an IPv6 address: this line carries IPv4 alone/,
    ],
    [
      'a port',
      'port_forwards: [{port: 70000, to: 198.18.1.1}]',
      /70000 is too large: allowed are 1 to 65535/,
    ],
    [
      'a transport',
      'switches:\n  s:\n    ports:\n      - mcast\n      - mcas\n',
      /^f:5:9: switches\.s\.ports\[1\]: spec: transport mcas is unknown: did you mean mcast/,
    ],
    [
      'a field of a spec',
      'switches:\n  s:\n    ports:\n      - transport: mcast\n        ttl: 700\n',
      /^f:5:14: switches\.s\.ports\[0\]: mcast: ttl 700 is out of range/,
    ],
    ['no spec', 'switches: {s: {ports: [3]}}', /ports\[0\]: 3 is no port: write a spec, such as 'mcast'/],
    ['a switch without ports', 'switches: {s: {ports: []}}', /the list is empty/],
    [
      'a key twice',
      'taps: {}\nroutes: []\ntaps: {tap0: {mtu: 1}}\n',
      'f:3:1: taps is here a second time in the same mapping',
      /^f:3:20: taps\.tap0\.mtu: 1 is too small/,
    ],
    ['an open bracket', 'taps: {a: [}', /^f:1:12: this is no valid YAML: /, /./],
    ['a tab', 'taps:\n\ttap0:\n', /^f:2:1: this is no valid YAML: Tabs/],
    ['two documents', 'taps: {}\n---\ntaps: {}\n', 'f:2:1: a second document begins here: allowed is one'],
    ['a tag', 'taps: !mine {}', /^f:1:7: Unresolved tag: !mine: tags have no meaning/],
    ['an alias of nothing', 'taps: *all', 'f:1:7: *all means nothing: there is no &all before it'],
    ['a collection as a key', '? [a, b]\n: 3\n', /^f:1:3: a collection is no key/],
    ['nothing', '', /^f:1:1: the file is empty: it needs a key at least/],
    ['comments alone', '# taps:\n', /the file is empty/],
    ['a list', '- taps\n', 'f:1:1: a list is not a mapping of keys'],
    ['a word', 'taps', 'f:1:1: taps is not a mapping of keys'],
    ['junk', '\x7fELF\x02\0', /^f:1:1: this is no YAML text: it has the character U\+007F/],
    ['half a character', 'taps: "\ud800"', /it has the character U\+D800/],
  ]
  for (const [why, text, ...expected] of cases) {
    it(why, () => {
      const lines = refusals(text)
      for (const [index, want] of expected.entries()) {
        if (typeof want === 'string') assert.equal(lines[index], want)
        else assert.match(lines[index] ?? '', want)
      }
      assert.equal(lines.length, expected.length, lines.join('\n'))
    })
  }

  it('everything at once, in the order of the file, and not without end', () => {
    const lines = refusals(
      'taps:\n  tap0: {mtu: 1, queues: 0, x: 1}\nforwarding: [ipv5]\nswitches: {s: {ports: [x]}}\nz: 1\n',
    )
    assert.deepEqual(
      lines.map((line) => line.split(' ')[0]),
      ['f:2:15:', 'f:2:26:', 'f:2:29:', 'f:3:14:', 'f:4:24:', 'f:5:1:'],
    )
    const many = refusals(`forwarding: [${'x, '.repeat(500)}]`)
    assert.equal(many.length, 21)
    assert.equal(many.at(-1), 'f: and 480 more')
  })

  it('a message is one line, however odd the value', () => {
    const lines = refusals(
      'taps: {tap0: {owner: "a\\nb\\0", mtu: "\\u2028"}}\nroutes: [{to: "x\\ny", device: "\\e"}]',
    )
    assert.equal(lines.length, 4)
  })
})

describe('configuration: hostile texts end soon', function () {
  this.timeout(20_000)
  const laughs = ['a: &a [x, x, x, x, x, x, x, x, x, x]']
  for (const [of, name] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg', 'gh'])
    laughs.push(`${name}: &${name} [${`*${of}, `.repeat(10)}]`)
  const texts: [string, string, RegExp][] = [
    ['a billion laughs', laughs.join('\n'), /too many aliases: allowed are 100/],
    ['an alias of itself', 'taps: &a {tap0: *a}', /unknown key tap0 in taps\.tap0/],
    ['brackets', '['.repeat(MAX_FILE), /nested too deeply: allowed are 64 levels/],
    ['braces', '{'.repeat(MAX_FILE), /nested too deeply/],
    ['dashes', '- '.repeat(MAX_FILE / 2), /nested too deeply/],
    ['question marks', '? '.repeat(MAX_FILE / 2), /nested too deeply/],
    ['tags', '! '.repeat(MAX_FILE / 2), /no valid YAML/],
    ['empty lines', '\n'.repeat(MAX_FILE), /the file is empty/],
    ['too long', 'x'.repeat(MAX_FILE + 1), /the file is too long: allowed are 131072 octets/],
    ['too long in octets', 'ä'.repeat(MAX_FILE / 2 + 1), /the file is too long/],
  ]
  for (const [name, text, expected] of texts)
    it(name, () => assert.match(refusals(text).join('\n'), expected))
})

describe('configuration: files', () => {
  let folder: string
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'ethercast-config-'))))
  afterEach(() => rmSync(folder, { recursive: true }))

  it('a file is read', () => {
    const path = join(folder, 'a.yaml')
    writeFileSync(path, '\ufeff' + FULL)
    const loaded = loadConfig(path)
    assert.equal(loaded.fileName, path)
    assert.equal(loaded.config.taps.tap0?.mtu, 1458)
  })

  it('what is no text is refused', () => {
    const path = join(folder, 'a.yaml')
    writeFileSync(path, Buffer.from([0x74, 0xc3, 0x28]))
    assert.throws(() => loadConfig(path), /a\.yaml:1:1: this is no YAML text: it is not UTF-8/)
    writeFileSync(path, Buffer.alloc(MAX_FILE + 5, '#'))
    assert.throws(() => loadConfig(path), ConfigError)
    assert.throws(() => loadConfig('/dev/zero'), /too long/)
  })

  it('what can not be read is said', () => {
    assert.throws(
      () => loadConfig(join(folder, 'none')),
      (error) =>
        error instanceof EthercastError && error.code === 'ENOENT' && /there is no such/.test(error.message),
    )
    assert.throws(() => loadConfig(folder), /it is a folder; name the file in it/)
  })

  it('a pipe is read', () => {
    const code = `import { loadConfig } from './lib/host/load.ts'; console.log(loadConfig('/dev/stdin').config.taps.tap0.mtu)`
    const script = 'cat "$2" | "$0" --import tsx --input-type=module -e "$1"'
    const path = join(folder, 'a.yaml')
    writeFileSync(path, FULL)
    const child = spawnSync('sh', ['-c', script, process.execPath, code, path], { encoding: 'utf8' })
    assert.equal(child.stdout, '1458\n', child.stderr)
  })

  it('the first that there is, also when it can not be read; none is said with both names', () => {
    const [first, second] = [join(folder, 'first'), join(folder, 'second')]
    assert.throws(
      () => findConfig([first, second]),
      (error: EthercastError) =>
        error.code === 'ENOENT' &&
        error.message.includes(`neither ${first} nor ${second} exists`) &&
        /-c FILE/.test(error.message),
    )
    writeFileSync(second, '')
    assert.equal(findConfig([first, second]), second)
    writeFileSync(first, '')
    chmodSync(first, 0)
    assert.equal(findConfig([first, second]), first)
  })
})
