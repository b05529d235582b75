/** Every kind of resource there is, by name. */

import type { Json, Resource } from '../resource.js'

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- params and before are each kind's own business
export const resources: Readonly<Record<string, Resource<any, any>>> = {}

export type { Json }
