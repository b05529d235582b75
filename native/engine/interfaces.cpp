#include "engine/interfaces.h"

#include <ifaddrs.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "engine/fd.h"

namespace ethercast {

SockAddr Interface::first_address(int family) const noexcept {
  for (const SockAddr& address : addresses) {
    if (address.family() == family) return address;
  }
  return SockAddr();
}

Result<std::vector<Interface>> list_interfaces() {
  // Without it neither index nor MTU can be asked for, and an index of 0 would stand for any interface.
  const Fd any(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!any) return Error::os(errno, "socket", "the interfaces of this host can't be listed");
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0)
    return Error::os(errno, "getifaddrs", "the interfaces of this host can't be listed");
  std::vector<Interface> found;
  for (const ifaddrs* each = list; each != nullptr; each = each->ifa_next) {
    auto known = std::find_if(found.begin(), found.end(),
                              [&](const Interface& interface) { return interface.name == each->ifa_name; });
    if (known == found.end()) {
      Interface interface;
      interface.name = each->ifa_name;
      interface.flags = each->ifa_flags;
      ifreq request{};
      std::strncpy(request.ifr_name, each->ifa_name, IFNAMSIZ - 1);
      if (ioctl(any.get(), SIOCGIFINDEX, &request) != 0) continue;  // gone since it was listed
      interface.index = request.ifr_ifindex;
      if (ioctl(any.get(), SIOCGIFMTU, &request) == 0) interface.mtu = static_cast<uint32_t>(request.ifr_mtu);
      found.push_back(std::move(interface));
      known = found.end() - 1;
    }
    if (each->ifa_addr == nullptr) continue;
    const int family = each->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    SockAddr address;
    address.length = family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
    std::memcpy(&address.storage, each->ifa_addr, address.length);
    known->addresses.push_back(address);
  }
  freeifaddrs(list);
  return found;
}

Result<Interface> find_interface(const std::string& wanted) {
  auto all = list_interfaces();
  if (!all) return all.error();
  int index = 0;
  const auto [end, problem] = std::from_chars(wanted.data(), wanted.data() + wanted.size(), index);
  const bool is_index = problem == std::errc() && end == wanted.data() + wanted.size();
  const auto address = SockAddr::parse("interface", wanted, 0);
  std::string names;
  for (const Interface& interface : all.value()) {
    if (interface.name == wanted || (is_index && interface.index == index)) return interface;
    for (const SockAddr& own : interface.addresses) {
      if (address && own.same_address(address.value())) return interface;
    }
    names += (names.empty() ? "" : ", ") + interface.name;
  }
  return Error::bad_field(
      "interface",
      "interface " + wanted + " does not exist here: give the name, index or address of one of " + names);
}

Result<Interface> interface_by_index(int index) {
  auto all = list_interfaces();
  if (!all) return all.error();
  for (const Interface& interface : all.value()) {
    if (interface.index == index) return interface;
  }
  return Error::os(ENODEV, "getifaddrs", "the interface is gone");
}

bool is_of_this_host(const SockAddr& address) {
  const auto all = list_interfaces();
  if (!all) return false;
  for (const Interface& interface : all.value()) {
    for (const SockAddr& own : interface.addresses) {
      if (own.same_address(address)) return true;
    }
  }
  return false;
}

namespace {

struct RouteRequest {
  nlmsghdr header;
  rtmsg route;
  char attributes[64];
};

void add_attribute(RouteRequest& request, uint16_t type, const void* data, uint16_t length) noexcept {
  auto* attribute =
      reinterpret_cast<rtattr*>(reinterpret_cast<char*>(&request) + NLMSG_ALIGN(request.header.nlmsg_len));
  attribute->rta_type = type;
  attribute->rta_len = static_cast<uint16_t>(RTA_LENGTH(length));
  std::memcpy(RTA_DATA(attribute), data, length);
  request.header.nlmsg_len = NLMSG_ALIGN(request.header.nlmsg_len) + RTA_ALIGN(attribute->rta_len);
}

// RTA_METRICS holds attributes of its own; the MTU among them, if the route was given one.
uint32_t mtu_of_metrics(const rtattr* metrics) noexcept {
  auto length = static_cast<int>(RTA_PAYLOAD(metrics));
  for (auto* metric = static_cast<const rtattr*>(RTA_DATA(metrics)); RTA_OK(metric, length);
       metric = RTA_NEXT(metric, length)) {
    if (metric->rta_type != RTAX_MTU) continue;
    uint32_t mtu;
    std::memcpy(&mtu, RTA_DATA(metric), sizeof mtu);
    return mtu;
  }
  return 0;
}

}  // namespace

Result<Route> route_to(const SockAddr& destination, int interface_index) {
  const std::string to = destination.text();
  const auto fail = [&](int why, const char* call) { return Error::os(why, call, "no route to " + to); };
  const Fd netlink(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!netlink) return fail(errno, "socket");

  RouteRequest request{};
  request.header.nlmsg_len = NLMSG_LENGTH(sizeof(rtmsg));
  request.header.nlmsg_type = RTM_GETROUTE;
  request.header.nlmsg_flags = NLM_F_REQUEST;
  request.route.rtm_family = static_cast<uint8_t>(destination.family());
  request.route.rtm_dst_len = destination.is_v6() ? 128 : 32;
  if (destination.is_v6()) {
    add_attribute(request, RTA_DST, &destination.v6.sin6_addr, 16);
  } else {
    add_attribute(request, RTA_DST, &destination.v4.sin_addr, 4);
  }
  if (interface_index != 0) add_attribute(request, RTA_OIF, &interface_index, sizeof interface_index);
  if (::send(netlink.get(), &request, request.header.nlmsg_len, 0) < 0) return fail(errno, "send");

  alignas(nlmsghdr) char reply[4096];
  const ssize_t got = ::recv(netlink.get(), reply, sizeof reply, 0);
  if (got < static_cast<ssize_t>(sizeof(nlmsghdr))) return fail(got < 0 ? errno : EPROTO, "recv");
  const auto* header = reinterpret_cast<const nlmsghdr*>(reply);
  if (!NLMSG_OK(header, static_cast<size_t>(got))) return fail(EPROTO, "recv");
  if (header->nlmsg_type == NLMSG_ERROR) {
    return fail(-static_cast<const nlmsgerr*>(NLMSG_DATA(header))->error, "RTM_GETROUTE");
  }

  Route route;
  const auto* message = static_cast<const rtmsg*>(NLMSG_DATA(header));
  auto length = static_cast<int>(RTM_PAYLOAD(header));
  for (const rtattr* attribute = RTM_RTA(message); RTA_OK(attribute, length);
       attribute = RTA_NEXT(attribute, length)) {
    if (attribute->rta_type == RTA_OIF) std::memcpy(&route.interface_index, RTA_DATA(attribute), sizeof(int));
    if (attribute->rta_type == RTA_METRICS) route.mtu = mtu_of_metrics(attribute);
    if (attribute->rta_type == RTA_PREFSRC) {
      route.source = SockAddr::wildcard(destination.family(), 0);
      if (destination.is_v6()) {
        std::memcpy(&route.source.v6.sin6_addr, RTA_DATA(attribute), 16);
      } else {
        std::memcpy(&route.source.v4.sin_addr, RTA_DATA(attribute), 4);
      }
    }
  }
  if (route.interface_index == 0) return fail(ENETUNREACH, "RTM_GETROUTE");
  if (auto interface = interface_by_index(route.interface_index)) {
    const uint32_t mtu = interface.value().mtu;
    // A metric above what its interface carries is taken by `ip route`, and does nothing good.
    route.mtu = route.mtu == 0 ? mtu : std::min(route.mtu, mtu);
  }
  return route;
}

Result<ChosenInterface> interface_for(const std::string& wanted, const SockAddr& group) {
  if (!wanted.empty()) {
    auto named = find_interface(wanted);
    if (!named) return named.error();
    return ChosenInterface{named.value(), "as configured"};
  }
  const auto route = route_to(group);
  if (route) {
    auto found = interface_by_index(route.value().interface_index);
    if (!found) return found.error();
    return ChosenInterface{found.value(), "the route to the group"};
  }
  auto all = list_interfaces();
  if (!all) return all.error();
  const Interface* only = nullptr;
  std::string names;
  for (const Interface& each : all.value()) {
    if ((each.flags & IFF_UP) == 0) continue;
    only = names.empty() ? &each : nullptr;
    names += (names.empty() ? "" : ", ") + each.name;
  }
  if (only != nullptr) return ChosenInterface{*only, "the only interface that is up"};
  Error error = route.error();
  error.message = "no route to the group " + group.text() + ": choose an interface (interface=NAME" +
                  (names.empty() ? "; none is up" : ", one of " + names) + ") or add a route (ip route add " +
                  group.text() + " dev NAME)";
  return error;
}

}  // namespace ethercast
