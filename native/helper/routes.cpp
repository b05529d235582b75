#include "helper/routes.h"

#include <sys/socket.h>

#include "helper/descriptors.h"
#include "helper/netlink.h"

namespace ethercast::helper {

namespace {

void read_gateway(const rtattr& attribute, Route& route) {
  Ipv4 gateway;
  if (attribute.rta_type == RTA_GATEWAY && read_attribute(attribute, gateway)) {
    route.gateways.push_back(gateway);
  }
}

void read_next_hops(const rtattr& attribute, Route& route) {
  auto left = static_cast<int>(RTA_PAYLOAD(&attribute));
  for (auto* hop = static_cast<const rtnexthop*>(RTA_DATA(&attribute)); RTNH_OK(hop, left);) {
    route.links.push_back(hop->rtnh_ifindex);
    auto within = static_cast<int>(hop->rtnh_len) - static_cast<int>(RTNH_LENGTH(0));
    for (auto* each = RTNH_DATA(hop); RTA_OK(each, within); each = RTA_NEXT(each, within)) {
      read_gateway(*each, route);
    }
    left -= static_cast<int>(RTNH_ALIGN(hop->rtnh_len));
    hop = RTNH_NEXT(hop);
  }
}

std::optional<Route> read_route(const nlmsghdr& message, Tables tables) {
  if (message.nlmsg_type != RTM_NEWROUTE || message.nlmsg_len < NLMSG_LENGTH(sizeof(rtmsg))) return {};
  rtmsg fixed;
  std::memcpy(&fixed, NLMSG_DATA(&message), sizeof fixed);
  if (fixed.rtm_family != AF_INET || fixed.rtm_type != RTN_UNICAST || (fixed.rtm_flags & RTM_F_CLONED) != 0) {
    return {};
  }
  Route route;
  route.bits = fixed.rtm_dst_len;
  uint32_t table = fixed.rtm_table;
  each_attribute(message, sizeof fixed, [&](const rtattr& each) {
    int link = 0;
    if (each.rta_type == RTA_TABLE) read_attribute(each, table);
    if (each.rta_type == RTA_DST) read_attribute(each, route.destination);
    if (each.rta_type == RTA_OIF && read_attribute(each, link)) route.links.push_back(link);
    if (each.rta_type == RTA_MULTIPATH) read_next_hops(each, route);
    read_gateway(each, route);
  });
  if (tables == Tables::main && table != RT_TABLE_MAIN) return {};
  return route;
}

}  // namespace

Result<> each_route(Tables tables, const std::function<void(const Route&)>& see) {
  Netlink request(RTM_GETROUTE, NLM_F_DUMP);
  rtmsg fixed{};
  fixed.rtm_family = AF_INET;
  const int why = request.body(fixed).look([&](const nlmsghdr& message) {
    if (const auto route = read_route(message, tables)) see(*route);
    return true;
  });
  if (why == 0) return {};
  return Error::os(why, "RTM_GETROUTE", "uml_net: the routes can't be looked up: " + errno_text(why));
}

}  // namespace ethercast::helper
