#include "engine/address_watch.h"

#include <linux/rtnetlink.h>

#include <cerrno>
#include <cstring>

namespace ethercast {

Result<> AddressWatch::open() {
  fd_.reset(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
  if (!fd_) return Error::os(errno, "socket", "address changes can't be watched");
  sockaddr_nl groups{};
  groups.nl_family = AF_NETLINK;
  groups.nl_groups =
      RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;
  if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&groups), sizeof groups) != 0) {
    return Error::os(errno, "bind", "address changes can't be watched");
  }
  return {};
}

namespace {

// Of a link itself. A bridge tells of its ports in the same words: a link that leaves a bridge is not gone.
bool is_of_link(const nlmsghdr* header) noexcept {
  return static_cast<const ifinfomsg*>(NLMSG_DATA(header))->ifi_family != AF_BRIDGE;
}

AddressChange link_change(const nlmsghdr* header) {
  const auto* link = static_cast<const ifinfomsg*>(NLMSG_DATA(header));
  AddressChange change{header->nlmsg_type == RTM_DELLINK ? AddressChange::What::link_removed
                                                         : AddressChange::What::link_changed,
                       link->ifi_index,
                       {},
                       {},
                       link->ifi_flags,
                       0};
  auto length = static_cast<int>(IFLA_PAYLOAD(header));
  for (const rtattr* attribute = IFLA_RTA(link); RTA_OK(attribute, length);
       attribute = RTA_NEXT(attribute, length)) {
    if (attribute->rta_type == IFLA_IFNAME) change.name = static_cast<const char*>(RTA_DATA(attribute));
    if (attribute->rta_type == IFLA_MTU) std::memcpy(&change.mtu, RTA_DATA(attribute), sizeof change.mtu);
  }
  return change;
}

AddressChange address_change(const nlmsghdr* header) {
  const auto* message = static_cast<const ifaddrmsg*>(NLMSG_DATA(header));
  AddressChange change{header->nlmsg_type == RTM_DELADDR ? AddressChange::What::address_removed
                                                         : AddressChange::What::address_added,
                       static_cast<int>(message->ifa_index),
                       {},
                       SockAddr::wildcard(message->ifa_family, 0),
                       0,
                       0};
  auto length = static_cast<int>(IFA_PAYLOAD(header));
  for (const rtattr* attribute = IFA_RTA(message); RTA_OK(attribute, length);
       attribute = RTA_NEXT(attribute, length)) {
    // On a point-to-point link IFA_ADDRESS is the far end, IFA_LOCAL ours; IPv6 has IFA_ADDRESS alone.
    if (message->ifa_family == AF_INET && attribute->rta_type == IFA_LOCAL) {
      std::memcpy(&change.address.v4.sin_addr, RTA_DATA(attribute), 4);
    }
    if (message->ifa_family == AF_INET6 && attribute->rta_type == IFA_ADDRESS) {
      std::memcpy(&change.address.v6.sin6_addr, RTA_DATA(attribute), 16);
    }
  }
  return change;
}

}  // namespace

std::vector<AddressChange> AddressWatch::read() {
  std::vector<AddressChange> changes;
  alignas(nlmsghdr) char buffer[16384];
  const ssize_t got = ::recv(fd_.get(), buffer, sizeof buffer, MSG_DONTWAIT);
  if (got < 0) {
    if (errno == ENOBUFS) changes.push_back({AddressChange::What::missed, 0, {}, {}, 0, 0});
    return changes;
  }
  auto left = static_cast<uint32_t>(got);
  for (auto* header = reinterpret_cast<const nlmsghdr*>(buffer); NLMSG_OK(header, left);
       header = NLMSG_NEXT(header, left)) {
    switch (header->nlmsg_type) {
      case RTM_NEWLINK:
      case RTM_DELLINK:
        if (is_of_link(header)) changes.push_back(link_change(header));
        break;
      case RTM_NEWADDR:
      case RTM_DELADDR:
        changes.push_back(address_change(header));
        break;
      case RTM_NEWROUTE:
      case RTM_DELROUTE:
        // One says as much as many.
        if (changes.empty() || changes.back().what != AddressChange::What::route_changed)
          changes.push_back({AddressChange::What::route_changed, 0, {}, {}});
        break;
      default:
        break;
    }
  }
  return changes;
}

}  // namespace ethercast
