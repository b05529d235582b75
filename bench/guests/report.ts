// How fast a guest is, by its way onto the LAN.
import { reportAbsent } from '../support/contest.js'
import type { Outcome } from '../support/contest.js'
import { print, printTable } from '../support/output.js'
import { summary } from '../support/statistics.js'
import type { Speed } from './run.js'

const HEAD = ['', 'Mbit/s from', 'min', 'max', 'Mbit/s to', 'min', 'max', 'ping µs']

export function reportGuests(outcomes: readonly Outcome<Speed>[], runs: number): void {
  print(`\none TCP flow between a User-Mode Linux guest and its host, each way (median of ${runs})`)
  const ran = outcomes.filter(({ results }) => results.length > 0)
  const cells = ran.map(({ name, results }) => {
    const three = (value: (speed: Speed) => number) => {
      const { median, min, max } = summary(results.map(value))
      return [median, min, max].map((rate) => rate.toFixed(0))
    }
    const ping = summary(results.map(({ pingUs }) => pingUs)).median.toFixed(0)
    return [name, ...three(({ fromGuest }) => fromGuest), ...three(({ toGuest }) => toGuest), ping]
  })
  if (ran.length > 0) printTable(HEAD, cells)
  reportAbsent(outcomes)
}
