/** The JSON Schema of `ethercast.yaml`, for editors: made of the one schema there is. What only a program can check (addresses, specs) it leaves open. */

import * as z from 'zod'
import { hostConfigSchema } from './config.js'

/** The draft that every editor's YAML support knows. */
const DRAFT = 'draft-7'

export type JsonSchema = z.core.JSONSchema.BaseSchema

/** As a person writes the file: what has a default may be left out. */
export function hostJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(hostConfigSchema, {
    target: DRAFT,
    io: 'input',
    // The limits of JavaScript's whole numbers say nothing about the file.
    override: ({ jsonSchema }) => {
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
    },
  })
  const { $schema, ...rest } = schema as JsonSchema
  return {
    $schema,
    title: 'ethercast.yaml',
    description: 'What a host is to look like, for `ethercast plan`, `up`, `down` and `status`.',
    ...rest,
  }
}

/** As it is printed, and kept in the package. */
export const hostJsonSchemaText = (): string => `${JSON.stringify(hostJsonSchema(), null, 2)}\n`
