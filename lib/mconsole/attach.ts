/**
 * Network devices of a running guest: added, and seen to be there; taken away, and seen to be gone. To `config` the kernel answers OK
 * whatever came of it (arch/um/drivers/net_kern.c), so the guest itself is asked.
 */

import { EthercastError } from '../spec/error.js'
import { separatorOf } from './commands.js'
import { parseDeviceName, parseDeviceSpec } from './device_spec.js'
import type { DeviceSpec } from './device_spec.js'
import { MconsoleError } from './error.js'
import type { Mconsole, RequestOptions } from './mconsole.js'
import { whyAbsent, whyRefused } from './why.js'

/** What the kernel says to `config` for a number that is in use, before it looks at anything else. */
const ALREADY = /already configured/i
/** There for every device with IPv4, and readable by the console. */
const settingOf = (device: string) => `sys/net/ipv4/conf/${device}/forwarding`

export interface AttachedDevice {
  /** `eth1`, as it was asked for; the guest may have given it another name since. */
  device: string
  /** The guest has no device of that name, though its kernel has the device: somebody in the guest has renamed it. */
  isRenamed: boolean
}

/**
 * Adds a network device to a running guest, as on its command line, and sees that the guest has it; else takes back what was made, and
 * says why as far as that can be told from here.
 *
 * @param spec `eth1=mcast,,239.192.7.1` or `vec0:transport=tap,ifname=tap0`
 * @throws EthercastError `ERR_ETHERCAST_FIELD` what the guest would take for something else; `EEXIST` it has such a device;
 *   `ERR_ETHERCAST_MCONSOLE` there is no device; and whatever a request throws
 */
export async function attachDevice(
  guest: Mconsole,
  spec: string,
  options: RequestOptions = {},
): Promise<AttachedDevice> {
  const wanted = parseDeviceSpec(spec)
  const { device, value } = wanted
  if (await hasDevice(guest, device, options)) throw exists(device)
  try {
    await guest.config(device, value, options)
  } catch (error) {
    if (!(error instanceof MconsoleError)) await undo(guest, device)
    if (error instanceof MconsoleError && ALREADY.test(error.text)) throw exists(device)
    throw error instanceof MconsoleError ? whyRefused(error, wanted) : error
  }
  return confirm(guest, wanted, options)
}

async function confirm(
  guest: Mconsole,
  wanted: DeviceSpec,
  options: RequestOptions,
): Promise<AttachedDevice> {
  const { device } = wanted
  try {
    if (await hasNamed(guest, device, options)) return { device, isRenamed: false }
    if (await hasNumbered(guest, device, options)) return { device, isRenamed: true }
  } catch (error) {
    await undo(guest, device)
    throw error
  }
  await undo(guest, device)
  throw await whyAbsent(wanted)
}

/**
 * Takes a network device away from a running guest, and sees that it is gone.
 *
 * @throws EthercastError `EBUSY` it is up in the guest; `ENODEV` the guest has no such device; and whatever a request throws
 */
export async function detachDevice(
  guest: Mconsole,
  device: string,
  options: RequestOptions = {},
): Promise<void> {
  parseDeviceName(device)
  try {
    await guest.remove(device, options)
  } catch (error) {
    if (!(error instanceof MconsoleError)) throw error
    if (error.code === 'EBUSY') {
      const why = `the guest has it up: take it down there first (ip link set ${device} down)`
      throw new MconsoleError(error.command, error.status, error.text, why)
    }
    if (error.code === 'ENODEV') {
      throw new MconsoleError(error.command, error.status, error.text, `the guest has no device ${device}`)
    }
    throw error
  }
  if (!(await hasNamed(guest, device, options))) return
  const message = `remove ${device}: the guest says that it is done, and still has a ${device}`
  throw new EthercastError('ERR_ETHERCAST_MCONSOLE', message)
}

/** Whether a guest has a network device of that name or number. */
export async function hasDevice(
  guest: Mconsole,
  device: string,
  options: RequestOptions = {},
): Promise<boolean> {
  parseDeviceName(device)
  return (await hasNamed(guest, device, options)) || (await hasNumbered(guest, device, options))
}

/** By its settings; where the kernel has no settings at all, by the list of devices. */
async function hasNamed(guest: Mconsole, device: string, options: RequestOptions): Promise<boolean> {
  if ((await read(guest, settingOf(device), options)) !== undefined) return true
  if ((await read(guest, settingOf('all'), options)) !== undefined) return false
  const list = await read(guest, 'net/dev', options)
  if (list !== undefined) return new RegExp(`^\\s*${device}:`, 'm').test(list)
  const message = `whether the guest has ${device} can't be told: its kernel reads neither /proc/sys/net/ipv4 nor /proc/net/dev for its console`
  throw new EthercastError('ERR_ETHERCAST_UNSUPPORTED', message)
}

async function read(guest: Mconsole, file: string, options: RequestOptions): Promise<string | undefined> {
  try {
    return await guest.proc(file, options)
  } catch (error) {
    if (error instanceof MconsoleError) return undefined
    throw error
  }
}

/**
 * Whether the kernel has the number in use, whatever the device is called by now. A configuration without a transport makes nothing, and
 * is refused with other words when the number is free. Vector devices can't be asked so.
 */
async function hasNumbered(guest: Mconsole, device: string, options: RequestOptions): Promise<boolean> {
  if (separatorOf(device) !== '=') return false
  try {
    await guest.config(device, '', options)
    return false
  } catch (error) {
    if (error instanceof MconsoleError) return ALREADY.test(error.text)
    throw error
  }
}

/** Whatever came of it; the request that failed may have been given up, so this one has its own time. */
async function undo(guest: Mconsole, device: string): Promise<void> {
  try {
    await guest.remove(device)
  } catch {
    // mostly: there is no such device; and the first failure is the one to tell
  }
}

function exists(device: string): EthercastError {
  const message = `attach: the guest has ${device} already: give another number, or detach it first`
  return new EthercastError('EEXIST', message, { errno: 'EEXIST', field: 'device', value: device })
}
