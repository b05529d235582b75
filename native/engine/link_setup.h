// Links as rtnetlink(7) tells and sets them: what a device is, its MTU, up or down, its addresses. Setting
// needs CAP_NET_ADMIN; looking needs nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/result.h"
#include "engine/address.h"

namespace ethercast {

struct LinkInfo {
  int index = 0;
  std::string name;
  std::string kind;    // "tun", "veth", "bridge"…; empty for hardware and loopback
  uint32_t flags = 0;  // IFF_UP … (netdevice(7))
  uint32_t mtu = 0;    // octets of the largest IP packet

  // For kind "tun" alone (linux/if_link.h, IFLA_TUN_*).
  bool is_tap = false;  // carries Ethernet frames; else IP packets
  bool has_multi_queue = false;
  bool has_vnet_header = false;
  bool has_packet_information = false;
  bool is_persistent = false;
  uint32_t queues = 0;  // descriptors attached; told for multi-queue devices alone
  std::optional<uint32_t> owner, group;
};

// A link by name, or (with an empty name) by index. Empty when there is none.
Result<std::optional<LinkInfo>> look_up_link(const std::string& name, int index = 0);

// Each returns an errno as Errc::os when the kernel refuses. They act in the calling thread's namespace.
Result<> set_link_mtu(int index, uint32_t mtu);
Result<> set_link_up(int index);

struct HostAddress {
  SockAddr address;
  uint8_t prefix = 0;  // bits of the network part
};
// "198.18.0.1", "198.18.0.1/16", "2001:db8::1/64": without a length /24 and /64.
Result<HostAddress> parse_host_address(const std::string& field, const std::string& text);
// Adds an address to a link; it may have it already.
Result<> add_link_address(int index, const HostAddress& address);

}  // namespace ethercast
