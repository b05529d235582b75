/** The conformance suite for every transport that loopback carries as it is. */

import { transports } from '../support/transports.js'
import { conforms } from './suite.js'

for (const transport of transports) if (transport.place === 'here') conforms(transport)
