/** `ethercast schema`: what an editor needs to complete and check an ethercast.yaml while it is written. */

import type { Command } from 'commander'
import { hostJsonSchemaText } from '../host/json_schema.js'
import { print } from './output.js'

const EXAMPLES = `
Examples:
  ethercast schema > ethercast.schema.json
      then, as the first line of ethercast.yaml, for editors that speak with
      yaml-language-server:
      # yaml-language-server: $schema=./ethercast.schema.json

The package has the same file: node_modules/ethercast/schema.

Exit code: 0.`

export function register(program: Command): void {
  program
    .command('schema')
    .summary('the JSON Schema of ethercast.yaml, for editors')
    .description(
      'Prints the JSON Schema of ethercast.yaml, with which editors complete and check the file as it is written. ' +
        '`ethercast plan` checks more: addresses, names, specs, and what is there already.',
    )
    .addHelpText('after', EXAMPLES)
    .action(() => print(hostJsonSchemaText().trimEnd()))
}
