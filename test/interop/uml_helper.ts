// UML guests with `uml_net` on their PATH, ours or Debian's, and what such a program does to its host.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '../support/child.js'
import type { Host } from '../support/host.js'

/** The folder of our uml_net. */
export const ourHelper = join(projectRoot, 'build/Release')

/** What a helper changes for a guest. */
export interface HostSide {
  /** Addresses of the device, such as 198.18.9.254/32; undefined: there is no such device. */
  addresses?: string[]
  isUp?: boolean
  /** Routes of one host by the device. */
  routes: string[]
  /** Devices on which this host answers ARP for others, with the address. */
  published: string[]
  proxyArp?: boolean
  forwards: boolean
}

interface Address {
  operstate: string
  flags: string[]
  addr_info: { family: string; local: string; prefixlen: number }[]
}
interface Route {
  dst: string
  dev: string
  scope?: string
}
interface Neighbour {
  dst: string
  dev: string
}

const parse = <T>(text: string): T => JSON.parse(text || '[]') as T

export async function hostSide(host: Host, device: string): Promise<HostSide> {
  const { code, stdout } = await host.exec('ip', ['-j', 'addr', 'show', 'dev', device])
  const [link] = code === 0 ? parse<[Address?]>(stdout) : []
  const routes = parse<Route[]>(await host.ip('-j', '-4', 'route', 'show'))
  const published = parse<Neighbour[]>(await host.ip('-j', '-4', 'neigh', 'show', 'proxy'))
  const sysctl = async (name: string) =>
    (await host.exec('cat', [`/proc/sys/net/ipv4/${name}`])).stdout.trim() === '1'
  return {
    ...(link && {
      addresses: link.addr_info
        .filter(({ family }) => family === 'inet')
        .map(({ local, prefixlen }) => `${local}/${prefixlen}`)
        .sort(),
      isUp: link.flags.includes('UP'),
      proxyArp: await sysctl(`conf/${device}/proxy_arp`),
    }),
    routes: routes
      .filter(({ dst, dev }) => dev === device && !dst.includes('/'))
      .map(({ dst }) => dst)
      .sort(),
    published: published.map(({ dst, dev }) => `${dst} on ${dev}`).sort(),
    forwards: await sysctl('ip_forward'),
  }
}

/** The processes of a host that are a uml_net. */
export async function helpers(host: Host): Promise<number[]> {
  const { stdout } = await host.exec('ip', ['netns', 'pids', host.namespace])
  return stdout
    .trim()
    .split('\n')
    .filter(Boolean)
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'uml_net'
      } catch {
        return false // it has ended meanwhile
      }
    })
}
