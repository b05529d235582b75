/** Of these, the ones whose names hold one of the words; all when there are no words, or the title of their contest holds one. */
export function wanted<T extends { name: string }>(
  all: readonly T[],
  words: readonly string[],
  title = '',
): T[] {
  const lower = words.map((word) => word.toLowerCase())
  const holds = (text: string) => lower.some((word) => text.toLowerCase().includes(word))
  return all.filter(({ name }) => lower.length === 0 || holds(title) || holds(name))
}
