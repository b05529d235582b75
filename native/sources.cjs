// The one list of native sources. node-gyp and CMake both ask it: `node native/sources.cjs LAYER...` prints one path a
// line, relative to the project's root.
const layers = {
  core: [
    'core/arp.cpp',
    'core/batch.cpp',
    'core/checksum.cpp',
    'core/coalesce.cpp',
    'core/cut_batch.cpp',
    'core/fabric.cpp',
    'core/ip_edge.cpp',
    'core/mac_table.cpp',
    'core/mss.cpp',
    'core/neighbours.cpp',
    'core/packet.cpp',
    'core/peer_addresses.cpp',
    'core/pool.cpp',
    'core/ring.cpp',
    'core/segment.cpp',
    'core/slip.cpp',
  ],
  engine: [
    'engine/address.cpp',
    'engine/address_watch.cpp',
    'engine/datagram_layout.cpp',
    'engine/datagram_reader.cpp',
    'engine/datagram_sender.cpp',
    'engine/echo_filter.cpp',
    'engine/engine.cpp',
    'engine/interfaces.cpp',
    'engine/ip_line.cpp',
    'engine/ip_options.cpp',
    'engine/link_setup.cpp',
    'engine/netlink.cpp',
    'engine/poller.cpp',
    'engine/process.cpp',
    'engine/pty.cpp',
    'engine/udp_path.cpp',
    'engine/tap_device.cpp',
    'engine/tap_errors.cpp',
    'engine/tap_options.cpp',
    'engine/tun_device.cpp',
    'engine/udp_socket.cpp',
    'engine/unix_folder.cpp',
    'engine/unix_socket.cpp',
  ],
  ports: [
    'ports/codec/vnet_header.cpp',
    'ports/bess.cpp',
    'ports/daemon.cpp',
    'ports/dgram.cpp',
    'ports/ethertap.cpp',
    'ports/fd.cpp',
    'ports/host.cpp',
    'ports/mcast.cpp',
    'ports/pcap.cpp',
    'ports/registry.cpp',
    'ports/slip.cpp',
    'ports/slirp.cpp',
    'ports/stream.cpp',
    'ports/switch.cpp',
    'ports/tap.cpp',
    'ports/ucast.cpp',
  ],
  node: [
    'node/addon.cpp',
    'node/config_from_js.cpp',
    'node/fabric_options.cpp',
    'node/host_facts.cpp',
    'node/switch_handle.cpp',
    'node/switch_stations.cpp',
    'node/wake_js.cpp',
  ],
}

module.exports = { layers }

if (require.main === module) {
  for (const layer of process.argv.slice(2)) {
    for (const file of layers[layer]) console.log(`native/${file}`)
  }
}
