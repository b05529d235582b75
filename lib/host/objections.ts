/**
 * What can't be made, or should not be, on this host as it is: found by looking alone, before anything is touched. A pure function of the
 * file and a snapshot of the host; what only the network can tell, an address that another machine has, is asked by `probe`.
 *
 * One file in objections/ for each subject, each a list of checks; all are told at once.
 */

import type { HostConfig } from './config.js'
import { addresses } from './objections/addresses.js'
import { bridges } from './objections/bridges.js'
import { devices } from './objections/devices.js'
import { forwards } from './objections/forwards.js'
import { guests } from './objections/guests.js'
import { routes } from './objections/routes.js'
import type { Check, HostFacts } from './objections/view.js'
import { View } from './objections/view.js'
import type { Reality } from './reality.js'
import type { Objection } from './resource.js'

export type { HostFacts }

const CHECKS: readonly Check[] = [devices, bridges, addresses, routes, guests, forwards]

/** @param facts without a journal nothing is ours */
export function objections(config: HostConfig, reality: Reality, facts: HostFacts = {}): Objection[] {
  const view = new View(config, reality, facts)
  return CHECKS.flatMap((check) => check(view))
}
