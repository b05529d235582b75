// The frames that every case carries, and what every handler does with them.

/** Frames that are told apart by destination, so that no side gains from one hot line of cache. */
export const DISTINCT = 256

/** Ethernet frames of one length (octets, without FCS) from one station to `DISTINCT` others. */
export function testFrames(length: number): Buffer[] {
  return Array.from({ length: DISTINCT }, (_, i) => {
    const frame = Buffer.alloc(length, i)
    frame.set([0x02, 0x00, 0x00, 0x00, 0x01, i])
    frame.set([0x02, 0x00, 0x00, 0x00, 0x02, 0x01], 6)
    frame.writeUInt16BE(0x88b5, 12) // IEEE 802 local experimental
    return frame
  })
}

/** Reads the destination MAC, octet by octet: the least that any receiver of frames has to do. */
export function destination(data: Uint8Array, at: number): number {
  return (
    data[at]! +
    data[at + 1]! * 0x100 +
    data[at + 2]! * 0x10000 +
    data[at + 3]! * 0x1000000 +
    data[at + 4]! +
    data[at + 5]!
  )
}
