// A router advertisement (RFC 4861, 4.2) as a guest would send it that wants to be everybody's way out.

const kRouter = Buffer.from('fe800000000000000000000000000bad', 'hex')
const kAllNodes = Buffer.from('ff020000000000000000000000000001', 'hex')
const kIcmp6 = 58
/** Hop limit 255: it comes from the link itself. */
const kOnLink = 255

/** One's complement of the one's complement sum (RFC 1071). */
function checksum(data: Buffer): number {
  let sum = 0
  for (let at = 0; at < data.length; at += 2) sum += data.readUInt16BE(at)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}

/** The IPv6 packet: lifetime of the router 1800 s, no options. */
export function advertisement(): Buffer {
  const message = Buffer.from('86000000400007080000000000000000', 'hex')
  const pseudo = Buffer.concat([kRouter, kAllNodes, Buffer.from([0, 0, 0, message.length, 0, 0, 0, kIcmp6])])
  message.writeUInt16BE(checksum(Buffer.concat([pseudo, message])), 2)
  const header = Buffer.from([0x60, 0, 0, 0, 0, message.length, kIcmp6, kOnLink])
  return Buffer.concat([header, kRouter, kAllNodes, message])
}

export const advertisementFrame = (): Buffer =>
  Buffer.concat([Buffer.from('33330000000102000000000b86dd', 'hex'), advertisement()])
