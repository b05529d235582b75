import { Child } from '../support/child.js'
import { print, printTable, progress } from '../support/output.js'
import { summary } from '../support/statistics.js'
import { microCases } from './cases.js'

export interface NsResult {
  name: string
  /** Nanoseconds an item. */
  samples: number[]
}

/** Every micro case, each in its own process. */
export async function runMicro(maxTimeS: number): Promise<NsResult[]> {
  const results: NsResult[] = []
  for (const name of Object.keys(microCases)) {
    progress(name)
    const child = await Child.start('micro/case.ts', { name, maxTimeS })
    results.push({ name, samples: await child.call<number[]>('samples') })
    await child.stop()
  }
  progress('')
  return results
}

const count = (value: number) => (value < 100 ? value.toFixed(1) : value.toFixed(0))

export function reportNs(heading: string, results: readonly NsResult[]): void {
  print(`\n${heading}`)
  const rows = results.map(({ name, samples }) => {
    const { median, min, max } = summary(samples)
    return [name, count(median), count(min), count(max), (1000 / median).toFixed(2)]
  })
  printTable(['', 'ns', 'min', 'max', 'M/s'], rows)
}
