// Making UDP sockets: what the multicast and unicast ports share. Every function leaves an error that names
// the call.
#pragma once

#include <cstdint>
#include <string>

#include "core/config.h"
#include "core/ether.h"
#include "core/mss.h"
#include "core/port.h"
#include "core/result.h"
#include "engine/address.h"
#include "engine/fd.h"
#include "engine/frame_options.h"
#include "engine/socket_buffers.h"

namespace ethercast {

// Octets of IP and UDP header before the datagram's payload (RFC 791, RFC 8200, RFC 768), without options.
constexpr uint32_t kUdp4Overhead = 20 + 8;
constexpr uint32_t kUdp6Overhead = 40 + 8;
// The longest UDP payload: 65535 less the headers (IPv4), less the UDP header alone (IPv6).
constexpr uint32_t kUdp4MaxPayload = 65535 - kUdp4Overhead;
constexpr uint32_t kUdp6MaxPayload = 65535 - 8;

constexpr uint32_t udp_overhead(bool v6) noexcept { return v6 ? kUdp6Overhead : kUdp4Overhead; }
constexpr uint32_t udp_max_payload(bool v6) noexcept { return v6 ? kUdp6MaxPayload : kUdp4MaxPayload; }

// What every UDP transport reads from its configuration.
struct UdpOptions : FrameOptions {
  bool offload = true;  // UDP_SEGMENT and UDP_GRO where the kernel has them
  enum class Mss : uint8_t { automatic, off, fixed } mss = Mss::automatic;
  uint16_t mss_octets = 0;  // if fixed
  // On a path whose network carries IP packets of `mtu` octets with our headers around them.
  MssLimit mss_limit(uint32_t mtu) const noexcept;
};
// The largest IP packet within a frame, untagged, that goes in one piece through a network whose own largest
// IP packet has `mtu` octets.
constexpr uint32_t inner_mtu(uint32_t mtu, bool v6) noexcept {
  const uint32_t around = udp_overhead(v6) + kEtherHeader;
  return mtu > around ? mtu - around : 1;
}
Result<UdpOptions> read_udp_options(const Config& config, bool v6);

// Non-blocking, close-on-exec; an IPv6 socket is IPv6 only.
Result<Fd> udp_socket(int family);
Result<> set_option(int fd, int level, int option, int value, const char* what);
// What this kernel can do for UDP sockets (udp(7)): cut one message into datagrams (UDP_SEGMENT, 4.18), and
// hand over a run of datagrams as one (UDP_GRO, 5.0). An error if there can be no socket at all.
struct UdpAbility {
  bool segment = false;
  bool gro = false;
};
Result<UdpAbility> udp_ability();
Result<> bind_socket(int fd, const SockAddr& address);

struct MulticastOn {
  int interface_index;
  const std::string& interface_name;  // for the error
};
// Joins a group on one interface; `source`: takes that sender alone (SSM), null: any.
Result<> join_group(int fd, const SockAddr& group, const SockAddr* source, MulticastOn on);

}  // namespace ethercast
