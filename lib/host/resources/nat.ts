/** Masquerading and port forwards: one nftables table of our own, replaced as a whole and taken away as a whole. */

import { nft } from '../action.js'
import { listedSignature, natScript, natSignature, TABLE } from '../nat_rules.js'
import type { Nat } from '../nat_rules.js'
import type { Resource } from '../resource.js'

type Before = { present: boolean }

export const nat: Resource<Nat, Before> = {
  title({ masquerade, forwards }) {
    const parts = [`${masquerade.length} masqueraded`, `${forwards.length} forwarded`]
    return `nftables: table ${TABLE}, ${parts.join(', ')}`
  },
  state(params, reality) {
    if (reality.nat === undefined) return 'missing'
    const wished = natSignature(params)
    const found = listedSignature(reality.nat)
    return found.length === wished.length && found.every((line, index) => line === wished[index])
      ? 'made'
      : 'different'
  },
  before: (_params, reality) => ({ present: reality.nat !== undefined }),
  make(params, reality) {
    return this.state(params, reality) === 'made' ? [] : [nft(natScript(params))]
  },
  restore(_params, { present }, reality) {
    return present || reality.nat === undefined ? [] : [nft(`delete table ${TABLE}\n`)]
  },
  objection(_params, reality) {
    if (reality.nat === undefined) return undefined
    return {
      message: `nftables has a table ${TABLE} already that this journal knows nothing of`,
      remedy: `look at it with "nft list table ${TABLE}"; if nobody needs it: nft delete table ${TABLE}`,
    }
  },
  identity: () => null,
}
