// One micro case in its process: benchmark.js finds how often to call it, and samples.

import Benchmark from 'benchmark'
import { childOptions, serve } from '../support/child.js'
import { microCases } from './cases.js'

const { name, maxTimeS } = childOptions<{ name: string; maxTimeS: number }>()

/** Nanoseconds an item, for each sample. */
async function samples(): Promise<number[]> {
  const { items, run, close } = await microCases[name]!()
  const benchmark = new Benchmark(name, run, { maxTime: maxTimeS })
  benchmark.run()
  await close?.()
  if (benchmark.error !== undefined) throw benchmark.error
  return benchmark.stats.sample.map((seconds) => (seconds * 1e9) / items)
}

serve({ samples })
