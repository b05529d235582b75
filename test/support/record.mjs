// A plain member of a multicast group, with Node's own sockets and nothing of ours: prints `recording`, then
// a JSON line for each datagram. Arguments: GROUP PORT [INTERFACE]
import dgram from 'node:dgram'
import { networkInterfaces } from 'node:os'

const [group, port, device] = process.argv.slice(2)
const isV6 = group.includes(':')

// Node takes an IPv4 interface by its address, an IPv6 one by its name as a scope.
function interfaceArgument() {
  if (!device) return undefined
  if (isV6) return `::%${device}`
  const address = networkInterfaces()[device]?.find((entry) => entry.family === 'IPv4')?.address
  if (!address) throw new Error(`${device} has no IPv4 address`)
  return address
}

const socket = dgram.createSocket({ type: isV6 ? 'udp6' : 'udp4', reuseAddr: true })
socket.on('message', (octets, from) => {
  const timeUs = Math.round((performance.timeOrigin + performance.now()) * 1000)
  process.stdout.write(
    `${JSON.stringify({ timeUs, address: from.address, port: from.port, hex: octets.toString('hex') })}\n`,
  )
})
// Bound to the group, so that other groups on the same port stay out.
socket.bind({ port: Number(port), address: isV6 && device ? `${group}%${device}` : group }, () => {
  socket.addMembership(group, interfaceArgument())
  try {
    socket.setRecvBufferSize(8 * 1024 * 1024)
  } catch {
    // the system's limit then holds
  }
  process.stdout.write('recording\n')
})
