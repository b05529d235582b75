/** Versions compared: of kernels, of Node, of programs. */

/** Whether a version, such as `6.18.44-fc`, is `least` or a later one. */
export function atLeast(version: string, least: string): boolean {
  const numbers = (text: string) => text.split(/[.-]/).map((part) => Number.parseInt(part) || 0)
  const have = numbers(version)
  for (const [i, needed] of numbers(least).entries()) {
    const difference = (have[i] ?? 0) - needed
    if (difference !== 0) return difference > 0
  }
  return true
}
