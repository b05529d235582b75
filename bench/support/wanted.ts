/** Of these, the ones whose names hold one of the words; all when there are no words. */
export function wanted<T extends { name: string }>(all: readonly T[], words: readonly string[]): T[] {
  const lower = words.map((word) => word.toLowerCase())
  return all.filter(
    ({ name }) => lower.length === 0 || lower.some((word) => name.toLowerCase().includes(word)),
  )
}
