#include "engine/link_setup.h"

#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <cerrno>
#include <charconv>

#include "engine/netlink.h"

namespace ethercast {

namespace {

// What people mean who give an address alone: the usual net of a LAN (RFC 4291 section 2.5.4 for IPv6).
constexpr uint8_t kUsualPrefix4 = 24, kUsualPrefix6 = 64;

template <typename Visit>
void each_attribute(const rtattr* first, size_t octets, Visit visit) {
  auto length = static_cast<int>(octets);
  for (const rtattr* each = first; RTA_OK(each, length); each = RTA_NEXT(each, length)) visit(*each);
}
template <typename Visit>
void each_nested(const rtattr& outer, Visit visit) {
  each_attribute(static_cast<const rtattr*>(RTA_DATA(&outer)), RTA_PAYLOAD(&outer), visit);
}

uint32_t number(const rtattr& attribute) noexcept {
  if (RTA_PAYLOAD(&attribute) == 1) return *static_cast<const uint8_t*>(RTA_DATA(&attribute));
  uint32_t value = 0;
  if (RTA_PAYLOAD(&attribute) >= sizeof value) std::memcpy(&value, RTA_DATA(&attribute), sizeof value);
  return value;
}
std::string text(const rtattr& attribute) {
  const auto* octets = static_cast<const char*>(RTA_DATA(&attribute));
  return {octets, strnlen(octets, RTA_PAYLOAD(&attribute))};
}

void read_tun(const rtattr& data, LinkInfo& link) {
  each_nested(data, [&](const rtattr& each) {
    switch (each.rta_type) {
      case IFLA_TUN_TYPE:
        link.is_tap = number(each) == IFF_TAP;
        break;
      case IFLA_TUN_OWNER:
        link.owner = number(each);
        break;
      case IFLA_TUN_GROUP:
        link.group = number(each);
        break;
      case IFLA_TUN_PI:
        link.has_packet_information = number(each) != 0;
        break;
      case IFLA_TUN_VNET_HDR:
        link.has_vnet_header = number(each) != 0;
        break;
      case IFLA_TUN_PERSIST:
        link.is_persistent = number(each) != 0;
        break;
      case IFLA_TUN_MULTI_QUEUE:
        link.has_multi_queue = number(each) != 0;
        break;
      case IFLA_TUN_NUM_QUEUES:
      case IFLA_TUN_NUM_DISABLED_QUEUES:
        link.queues += number(each);
        break;
      default:
        break;
    }
  });
}

Result<> asked(const NetlinkRequest& request, const char* call, const char* what) {
  if (const int why = request.ask(); why != 0) return Error::os(why, call, what);
  return {};
}

}  // namespace

Result<std::optional<LinkInfo>> look_up_link(const std::string& name, int index) {
  NetlinkRequest request(RTM_GETLINK, 0);
  ifinfomsg wanted{};
  wanted.ifi_index = index;
  request.body(wanted);
  if (!name.empty()) {
    if (name.size() >= IFNAMSIZ) return std::optional<LinkInfo>();
    request.attribute(IFLA_IFNAME, name.c_str(), static_cast<uint16_t>(name.size() + 1));
  }
  alignas(nlmsghdr) char buffer[32768];
  std::span<const char> reply;
  const int why = request.ask(buffer, reply);
  if (why == ENODEV) return std::optional<LinkInfo>();
  if (why == 0 && reply.empty()) return Error::os(EPROTO, "RTM_GETLINK", "the link can't be looked up");
  if (why != 0) return Error::os(why, "RTM_GETLINK", "the link can't be looked up");

  const auto* header = reinterpret_cast<const nlmsghdr*>(reply.data());
  const auto* message = static_cast<const ifinfomsg*>(NLMSG_DATA(header));
  LinkInfo link;
  link.index = message->ifi_index;
  link.flags = message->ifi_flags;
  each_attribute(IFLA_RTA(message), IFLA_PAYLOAD(header), [&](const rtattr& each) {
    if (each.rta_type == IFLA_IFNAME) link.name = text(each);
    if (each.rta_type == IFLA_MTU) link.mtu = number(each);
    if (each.rta_type != IFLA_LINKINFO) return;
    const rtattr* data = nullptr;
    each_nested(each, [&](const rtattr& inner) {
      if (inner.rta_type == IFLA_INFO_KIND) link.kind = text(inner);
      if (inner.rta_type == IFLA_INFO_DATA) data = &inner;
    });
    if (link.kind == "tun" && data != nullptr) read_tun(*data, link);
  });
  return std::optional(std::move(link));
}

Result<> set_link_mtu(int index, uint32_t mtu) {
  NetlinkRequest request(RTM_NEWLINK, NLM_F_ACK);
  ifinfomsg link{};
  link.ifi_index = index;
  request.body(link);
  request.attribute(IFLA_MTU, mtu);
  return asked(request, "RTM_NEWLINK", "the MTU can't be set");
}

Result<> set_link_up(int index) {
  NetlinkRequest request(RTM_NEWLINK, NLM_F_ACK);
  ifinfomsg link{};
  link.ifi_index = index;
  link.ifi_flags = IFF_UP;
  link.ifi_change = IFF_UP;
  request.body(link);
  return asked(request, "RTM_NEWLINK", "the device can't be set up");
}

Result<HostAddress> parse_host_address(const std::string& field, const std::string& text) {
  const size_t slash = text.find('/');
  auto address = SockAddr::parse(field, text.substr(0, slash), 0);
  if (!address) return address.error();
  HostAddress host{address.value(), address.value().is_v6() ? kUsualPrefix6 : kUsualPrefix4};
  if (slash == std::string::npos) return host;
  const int most = host.address.is_v6() ? 128 : 32;
  const char* const end = text.data() + text.size();
  int prefix = -1;
  const auto [stopped, problem] = std::from_chars(text.data() + slash + 1, end, prefix);
  if (problem != std::errc() || stopped != end || prefix < 1 || prefix > most) {
    return Error::bad_field(
        field, field + " " + text + " has a bad prefix length: allowed are /1 to /" + std::to_string(most));
  }
  host.prefix = static_cast<uint8_t>(prefix);
  return host;
}

Result<> add_link_address(int index, const HostAddress& host) {
  NetlinkRequest request(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE);
  const bool v6 = host.address.is_v6();
  ifaddrmsg message{};
  message.ifa_family = static_cast<uint8_t>(host.address.family());
  message.ifa_prefixlen = host.prefix;
  message.ifa_index = static_cast<uint32_t>(index);
  request.body(message);
  if (v6) {
    request.attribute(IFA_LOCAL, &host.address.v6.sin6_addr, 16);
    request.attribute(IFA_ADDRESS, &host.address.v6.sin6_addr, 16);
  } else {
    const uint32_t own = host.address.v4.sin_addr.s_addr;
    request.attribute(IFA_LOCAL, own);
    request.attribute(IFA_ADDRESS, own);
    // A net of two (RFC 3021) or of one has no broadcast address.
    if (host.prefix < 31) request.attribute(IFA_BROADCAST, own | htonl(0xffffffffu >> host.prefix));
  }
  return asked(request, "RTM_NEWADDR", "the address can't be set");
}

}  // namespace ethercast
