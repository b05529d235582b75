// Who has an address already, as far as this host knows (a part of host.h): asked before a guest gets it by
// rights that its user has not.
#include <sys/socket.h>

#include <algorithm>

#include "helper/descriptors.h"
#include "helper/host.h"
#include "helper/netlink.h"
#include "helper/routes.h"

namespace ethercast::helper {

namespace {

// In a net of fewer addresses none stands for the net or for all (RFC 3021).
constexpr uint8_t kMostBitsWithBroadcast = 30;

struct OwnAddress {
  Ipv4 local{}, peer{}, broadcast{};
  uint8_t bits = 32;
  int link = 0;
};

std::optional<OwnAddress> read_address(const nlmsghdr& message) {
  if (message.nlmsg_type != RTM_NEWADDR || message.nlmsg_len < NLMSG_LENGTH(sizeof(ifaddrmsg))) return {};
  ifaddrmsg fixed;
  std::memcpy(&fixed, NLMSG_DATA(&message), sizeof fixed);
  if (fixed.ifa_family != AF_INET) return {};
  OwnAddress own;
  own.bits = fixed.ifa_prefixlen;
  own.link = static_cast<int>(fixed.ifa_index);
  each_attribute(message, sizeof fixed, [&](const rtattr& each) {
    if (each.rta_type == IFA_LOCAL) read_attribute(each, own.local);
    if (each.rta_type == IFA_ADDRESS) read_attribute(each, own.peer);
    if (each.rta_type == IFA_BROADCAST) read_attribute(each, own.broadcast);
  });
  return own;
}

// Whether it is the first or last of its net: the net's own address, or that of all in it.
bool is_of_all(const Ipv4& address, uint32_t mask) noexcept {
  const uint32_t host = number_of(address) & ~mask;
  return host == 0 || host == ~mask;
}

bool has_of_all(uint8_t bits) noexcept { return bits != 0 && bits <= kMostBitsWithBroadcast; }

std::string name_of_link(int index) {
  const auto found = find_link({}, index);
  return found && found.value() ? found.value()->name : "another device";
}

// Empty: nobody's.
std::string claim_of(const OwnAddress& own, const Ipv4& guest) {
  if (own.local == guest) return "this host's own";
  if (own.peer == guest) return "the other end's of a line";
  const uint32_t mask = own.bits == 0 ? 0 : ~uint32_t{0} << (32 - own.bits);
  if (own.broadcast == guest ||
      (has_of_all(own.bits) && ((number_of(own.local) ^ number_of(guest)) & mask) == 0 &&
       is_of_all(guest, mask))) {
    return "no host's, but that of the net or of all in it,";
  }
  return {};
}

Error claimed(const Ipv4& guest, const std::string& whose) {
  return Error::of(Errc::state,
                   "uml_net: " + text_of(guest) + " is " + whose + ", and can't be had: nothing was changed");
}

Result<> expect_none_of_ours(const Ipv4& guest) {
  std::string whose;
  Netlink request(RTM_GETADDR, NLM_F_DUMP);
  ifaddrmsg fixed{};
  fixed.ifa_family = AF_INET;
  const int why = request.body(fixed).look([&](const nlmsghdr& message) {
    const auto own = read_address(message);
    if (!own || !whose.empty()) return true;
    const std::string claim = claim_of(*own, guest);
    if (!claim.empty()) whose = claim + " (on " + name_of_link(own->link) + ")";
    return true;
  });
  if (why != 0) {
    return Error::os(why, "RTM_GETADDR", "uml_net: the addresses can't be looked up: " + errno_text(why));
  }
  if (whose.empty()) return {};
  return claimed(guest, whose);
}

}  // namespace

Result<> expect_unclaimed(const Link& link, const Ipv4& guest, const std::optional<Ipv4>& mask) {
  if (mask && number_of(*mask) < 0xfffffffe && is_of_all(guest, number_of(*mask))) {
    return claimed(guest, "no host's under the guest's mask " + text_of(*mask));
  }
  if (auto free = expect_none_of_ours(guest); !free) return free;
  if (auto free = expect_no_guest_at(link, guest); !free) return free;
  bool is_gateway = false;
  const auto looked = each_route(Tables::all, [&](const Route& route) {
    is_gateway =
        is_gateway || std::find(route.gateways.begin(), route.gateways.end(), guest) != route.gateways.end();
  });
  if (!looked) return looked;
  if (is_gateway) return claimed(guest, "that of a gateway of this host");
  return {};
}

Result<> expect_no_guest_at(const Link& link, const Ipv4& address) {
  std::string whose;
  const auto looked = each_route(Tables::all, [&](const Route& route) {
    for (const int other : route.links) {
      if (route.bits == 32 && route.has(address) && other != link.index)
        whose = "reached by " + name_of_link(other) + " already";
    }
  });
  if (!looked) return looked;
  if (!whose.empty()) return claimed(address, whose);
  return {};
}

}  // namespace ethercast::helper
