/** The conformance suite for the transports that need a namespace; run inside of one by namespace.test.ts. */

import { transports } from '../support/transports.js'
import { conforms } from './suite.js'

for (const transport of transports) if (transport.place === 'namespace') conforms(transport)
