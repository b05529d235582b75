// npm run build:schema: writes schema/ethercast.schema.json anew, after a change of lib/host/config.ts.
import { mkdirSync, writeFileSync } from 'node:fs'
import { hostJsonSchemaText } from '../lib/host/json_schema.js'

const folder = new URL('../schema/', import.meta.url)
mkdirSync(folder, { recursive: true })
writeFileSync(new URL('ethercast.schema.json', folder), hostJsonSchemaText())
