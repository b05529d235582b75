/** The conformance suite for the transports that need a namespace; run inside of one by namespace.test.ts. */

import { listening } from '../support/pairs/pcap.js'
import { transports } from '../support/transports.js'
import { listens } from './listening.js'
import { conforms } from './suite.js'

for (const transport of transports) if (transport.place === 'namespace') conforms(transport)
for (const transport of listening) listens(transport)
