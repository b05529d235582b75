/** The conformance suite for the transports that carry IPv4 packets alone. */

import { slipRows } from '../support/pairs/slip.js'
import { slirpRows } from '../support/pairs/slirp.js'
import { conformsAsLine } from './ip_suite.js'

for (const row of [...slipRows, ...slirpRows]) conformsAsLine(row)
