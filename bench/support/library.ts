// The library as it ships: dist/, compiled by `npm run bench`. Run from lib/ through tsx it would carry helpers that no user runs.

import type * as FrameBatches from '../../lib/frame_batch.js'
import type * as FrameRings from '../../lib/frame_ring.js'
import type * as Library from '../../lib/index.js'

const load = (file: string): Promise<unknown> => import(new URL(`../../dist/${file}`, import.meta.url).href)

export const loadLibrary = async () => (await load('index.js')) as typeof Library
export const loadFrameRing = async () => (await load('frame_ring.js')) as typeof FrameRings
export const loadFrameBatch = async () => (await load('frame_batch.js')) as typeof FrameBatches
