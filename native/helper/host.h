// This host's network as the helper looks at it and changes it: every change it can make stands here, by
// rtnetlink(7) and one file of /proc. No shell, no programs, no modules. Each writes into the log what it
// did, as the command that a person would type.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "core/result.h"
#include "helper/address.h"
#include "helper/log.h"

namespace ethercast::helper {

struct Link {
  int index = 0;
  std::string name;
  std::string kind;               // "tun", "veth"…; empty for hardware and loopback
  std::string alias;              // what somebody wrote on it
  uint32_t flags = 0;             // IFF_UP … (netdevice(7))
  uint16_t type = 0;              // ARPHRD_ETHER … (linux/if_arp.h)
  bool is_tap = false;            // of kind "tun": carries Ethernet frames; else IP packets
  std::optional<uint32_t> owner;  // of kind "tun": the user who may open it

  // May be one that a guest is behind: a tap or tun device, or a line of the kernel's own SLIP.
  bool is_guests() const noexcept;
};

// By name, or (with an empty name) by index. Empty: there is none.
Result<std::optional<Link>> find_link(const std::string& name, int index = 0);
Result<> each_link(const std::function<void(const Link&)>& see);

// An address of this host, of a net of its own (/32), on a link.
Result<> give_address(const Link& link, const Ipv4& address, Log& log);
Result<> take_address(const Link& link, const Ipv4& address, Log& log);
Result<> set_up(const Link& link, bool up, Log& log);
Result<> set_mtu(const Link& link, uint32_t mtu, Log& log);
Result<> set_alias(const Link& link, const std::string& alias);
Result<> remove_link(const Link& link, Log& log);
// This host forwards IPv4 packets from one link to another, as routers do. Without `may_change` it is only
// said what is missing: that switch is the whole host's.
Result<> forward(bool may_change, Log& log);

// The host at the other end of a link can't speak IPv6 to this one (the helper's protocol knows none of it,
// and IPv6 has no reverse-path filter; no router advertisements either, should somebody switch it on again),
// nor send in the name of hosts that are elsewhere (strict reverse-path filter, RFC 3704).
Result<> confine(const Link& link, Log& log);

// A route to one host. Refused if there is one by another link: that would take somebody else's traffic.
Result<> add_host_route(const Link& link, const Ipv4& guest, Log& log);
// Only one of the helper's own making; `was_there`, if given: whether there was one.
Result<> delete_host_route(const Link& link, const Ipv4& guest, Log& log, bool* was_there = nullptr);
Result<bool> has_host_routes(const Link& link);
// The links, but for `link`, whose own nets the guest's address is of, whatever mask it has.
Result<> each_link_beside(const Link& link, const Ipv4& guest, const std::function<void(const Link&)>& see);
// Nobody has this address as far as this host knows: not itself, not its gateways, no guest on another link;
// and it is one host's in the nets that this host is in, and under the guest's mask.
Result<> expect_unclaimed(const Link& link, const Ipv4& guest, const std::optional<Ipv4>& mask);
// No guest on another link has this address.
Result<> expect_no_guest_at(const Link& link, const Ipv4& address);
// The links, but for `link`, that have a route whose net is the guest's under this mask.
Result<> each_link_towards(const Link& link, const Ipv4& guest, const Ipv4& mask,
                           const std::function<void(const Link&)>& see);

// Whether this host answers ARP on a link for whatever it has routes to.
Result<> set_proxy_arp(const Link& link, bool on, Log& log);
// Whether it answers for this address there.
Result<> publish(const Link& link, const Ipv4& guest, Log& log);
Result<> withdraw(const Link& link, const Ipv4& guest, Log& log);

}  // namespace ethercast::helper
