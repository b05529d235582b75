/**
 * The devices of this host as the kernel's own files tell of them: bridges and their ports, groups that were joined, packet filters. Reading
 * only; what is not there, as in many containers, is left out. Sources: Documentation/ABI/testing/sysfs-class-net, proc(5), ip-link(8), nft(8).
 */

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, readlinkSync } from 'node:fs'
import { basename } from 'node:path'
import type { HostInterface } from './facts.js'

export interface HostDevice {
  name: string
  /** Octets of the largest IP packet. */
  mtu: number
  /** The bridge it is a port of. */
  bridge?: string
  /** It is a bridge, and this is how it treats groups. */
  snooping?: { isOn: boolean; isQuerier: boolean }
  /** IPv4 groups that somebody has joined on it, those of the link's own protocols (224.0.0.0/24) left out. */
  groups: string[]
}

/** A chain of a packet filter that drops what is forwarded, unless a rule says otherwise. */
export interface DroppingChain {
  /** `iptables`: the older kernel interface, which nft(8) doesn't show. */
  by: 'nft' | 'iptables'
  family: string
  table: string
  name: string
  /** There is a chain DOCKER-USER for rules of the host's own. */
  isDockers: boolean
}

export interface HostNetwork {
  devices: HostDevice[]
  /** Undefined: this user may not look. */
  dropping?: DroppingChain[]
}

/** A program that takes longer has nothing to say, in milliseconds. */
const ANSWER_MS = 3000
const SYSFS = '/sys/class/net'

/** @param mayAsk this user may look at packet filters */
export function hostNetwork(interfaces: readonly HostInterface[], mayAsk: boolean): HostNetwork {
  // sysfs shows the network namespace that it was mounted in, which need not be this one.
  const here = interfaces.filter(({ name, index }) => Number(textOf(`${SYSFS}/${name}/ifindex`)) === index)
  const joined = joinedGroups(textOf('/proc/net/igmp') ?? '')
  const devices = here.map(({ name, mtu }) => ({
    name,
    mtu,
    ...(bridgeOf(name) ?? {}),
    ...(snoopingOf(name) ?? {}),
    groups: joined.get(name) ?? [],
  }))
  return { devices, ...(mayAsk ? { dropping: droppingChains() } : {}) }
}

function bridgeOf(name: string): { bridge: string } | undefined {
  try {
    const bridge = basename(readlinkSync(`${SYSFS}/${name}/master`))
    return existsSync(`${SYSFS}/${bridge}/bridge`) ? { bridge } : undefined // else a bond, a VRF
  } catch {
    return undefined
  }
}

function snoopingOf(name: string): Pick<HostDevice, 'snooping'> | undefined {
  const isOn = textOf(`${SYSFS}/${name}/bridge/multicast_snooping`)
  if (isOn === undefined) return undefined
  const isQuerier = textOf(`${SYSFS}/${name}/bridge/multicast_querier`) === '1'
  return { snooping: { isOn: isOn === '1', isQuerier } }
}

/** RFC 5771 section 4. */
const LINK_LOCAL = '224.0.0.'

/** A table as /proc/net/igmp: a line for each device, and below it one for each group, the address as the host's own number. */
export function joinedGroups(table: string): Map<string, string[]> {
  const joined = new Map<string, string[]>()
  let groups: string[] = []
  for (const line of table.split('\n').slice(1)) {
    const device = /^\d+\s+([^\s:]+)/.exec(line)?.[1]
    if (device !== undefined) joined.set(device, (groups = []))
    const group = /^\s+([0-9A-F]{8})\s/.exec(line)?.[1]
    const address = group === undefined ? LINK_LOCAL : addressOf(group)
    if (!address.startsWith(LINK_LOCAL)) groups.push(address)
  }
  return joined
}

/** Of a little-endian host, as all that this runs on are. */
function addressOf(hex: string): string {
  return [6, 4, 2, 0].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join('.')
}

interface NftChain {
  family: string
  table: string
  name: string
  hook?: string
  policy?: string
}

function droppingChains(): DroppingChain[] {
  const listed = jsonOf<{ nftables: { chain?: NftChain }[] }>('nft', ['-j', 'list', 'chains'])
  const chains = (listed?.nftables ?? []).flatMap(({ chain }) => chain ?? [])
  const isDockers = chains.some(({ name }) => name === 'DOCKER-USER')
  const dropping = chains
    .filter(({ hook, policy }) => hook === 'forward' && policy === 'drop')
    .map(({ family, table, name }) => ({ by: 'nft' as const, family, table, name, isDockers }))
  return [...dropping, ...legacyChains()]
}

function legacyChains(): DroppingChain[] {
  const tables = textOf('/proc/net/ip_tables_names')?.split('\n') ?? []
  if (!tables.includes('filter')) return []
  const rules = outputOf('iptables-legacy', ['-S']) ?? ''
  if (!/^-P FORWARD DROP$/m.test(rules)) return []
  const isDockers = /^-N DOCKER-USER$/m.test(rules)
  return [{ by: 'iptables', family: 'ip', table: 'filter', name: 'FORWARD', isDockers }]
}

function outputOf(program: string, args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8', timeout: ANSWER_MS })
  return status === 0 ? stdout : undefined
}

function jsonOf<T>(program: string, args: readonly string[]): T | undefined {
  try {
    return JSON.parse(outputOf(program, args) ?? '') as T
  } catch {
    return undefined // not there, too old for JSON, or nothing to tell
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return undefined
  }
}
