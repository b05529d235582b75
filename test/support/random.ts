// Numbers that look random, the same for the same seed, which the test says that uses them.

/** 32-bit numbers (xorshift32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>>= 0)
  }
}

/** Whole numbers from 0 to less than `below`. */
export function seeded(seed: number): (below: number) => number {
  const next = randomNumbers(seed)
  return (below) => next() % below
}
