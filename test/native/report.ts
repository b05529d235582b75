// Reads doctest's XML report, as far as a person needs it.

export interface NativeCase {
  name: string
  /** What failed and where; undefined: nothing. */
  failure: string | undefined
}

const kEntities: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

function unescape(text: string): string {
  return text.replace(/&(\w+);/g, (whole, name: string) => kEntities[name] ?? whole).trim()
}

function attribute(tag: string, name: string): string {
  return unescape(new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1] ?? '')
}

function element(text: string, name: string): string {
  return unescape(new RegExp(`<${name}[^>]*>([^]*?)</${name}>`).exec(text)?.[1] ?? '')
}

function failures(body: string): string[] {
  const expressions = [...body.matchAll(/<Expression ([^>]*)>([^]*?)<\/Expression>/g)]
    .filter(([, tag]) => attribute(tag!, 'success') === 'false')
    .map(([, tag, inner]) => {
      const place = `${attribute(tag!, 'filename')}:${attribute(tag!, 'line')}`
      const values = ['Expanded', 'Exception', 'Info'].map((name) => element(inner!, name)).filter(Boolean)
      return `${place}: ${attribute(tag!, 'type')}(${element(inner!, 'Original')}) is not so: ${values.join('; ')}`
    })
  const others = [...body.matchAll(/<Exception [^>]*>([^]*?)<\/Exception>/g)]
    .filter(() => expressions.length === 0)
    .map(([, text]) => `threw ${unescape(text!)}`)
  const messages = [...body.matchAll(/<Message ([^>]*)>([^]*?)<\/Message>/g)]
    .filter(([, tag]) => /ERROR/.test(attribute(tag!, 'type')))
    .map(
      ([, tag, inner]) =>
        `${attribute(tag!, 'filename')}:${attribute(tag!, 'line')}: ${element(inner!, 'Text')}`,
    )
  return [...expressions, ...others, ...messages]
}

/** The cases that were run, in order. One that the report ends in the middle of is among them, as failed. */
export function parseReport(xml: string): NativeCase[] {
  return [...xml.matchAll(/<TestCase ((?:[^">]|"[^"]*")*?)(\/>|>([^]*?)(<\/TestCase>|$))/g)]
    .filter(([, tag]) => attribute(tag!, 'skipped') !== 'true')
    .map(([, tag, , body = '', end = '']) => {
      const passed = /test_case_success="true"/.test(body)
      const found = failures(body)
      const why = end === '' ? 'the run ended in the middle of it' : 'failed without saying why'
      return {
        name: attribute(tag!, 'name'),
        failure: passed ? undefined : [...found, ...(found.length === 0 ? [why] : [])].join('\n'),
      }
    })
}
