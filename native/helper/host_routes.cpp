// Routes to guests, and the neighbours that this host answers for (the other half of host.h).
#include <net/if.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "helper/descriptors.h"
#include "helper/host.h"
#include "helper/netlink.h"
#include "helper/privileges.h"
#include "helper/routes.h"

namespace ethercast::helper {

namespace {

// Who made a route (rtm_protocol): ours are told from an administrator's by it, and only ours are removed.
// One of the numbers that neither linux/rtnetlink.h nor the rt_protos of iproute2 gives to anybody.
constexpr uint8_t kOurProtocol = 146;

Netlink host_route(uint16_t type, uint16_t flags, const Link& link, const Ipv4& guest) {
  Netlink request(type, flags);
  rtmsg fixed{};
  fixed.rtm_family = AF_INET;
  fixed.rtm_dst_len = 32;
  fixed.rtm_table = RT_TABLE_MAIN;
  fixed.rtm_protocol = kOurProtocol;
  fixed.rtm_scope = type == RTM_NEWROUTE ? RT_SCOPE_LINK : RT_SCOPE_NOWHERE;
  fixed.rtm_type = RTN_UNICAST;
  return request.body(fixed).attribute(RTA_DST, guest).attribute(RTA_OIF, link.index);
}

int neighbour(uint16_t type, uint16_t flags, const Link& link, const Ipv4& guest) {
  ndmsg fixed{};
  fixed.ndm_family = AF_INET;
  fixed.ndm_ifindex = link.index;
  fixed.ndm_state = NUD_PERMANENT;
  fixed.ndm_flags = NTF_PROXY;
  return Netlink(type, flags).body(fixed).attribute(NDA_DST, guest).change();
}

// 0: done; what was not to be had, or not there any more, is no failure.
Result<> told(int why, const std::string& command, const char* harmless, int harmless_errno, Log& log) {
  if (why == 0) {
    log.did(command);
    return {};
  }
  if (why == harmless_errno) {
    log.say(command + ": " + harmless);
    return {};
  }
  return Error::os(why, "rtnetlink",
                   "uml_net: " + command + ": " + errno_text(why) +
                       (why == EPERM ? " (" + how_to_get_privileges() + ")" : ""));
}

// The links, but for `link`, of the routes that `fits` takes.
Result<> each_link_of(const Link& link, const std::function<bool(const Route&)>& fits,
                      const std::function<void(const Link&)>& see) {
  std::vector<int> links;
  const auto looked = each_route(Tables::main, [&](const Route& route) {
    if (!fits(route)) return;
    for (const int each : route.links) {
      if (each != link.index && std::find(links.begin(), links.end(), each) == links.end()) {
        links.push_back(each);
      }
    }
  });
  if (!looked) return looked;
  for (const int index : links) {
    const auto found = find_link({}, index);
    // Where nobody asks by ARP nobody need be answered.
    if (found && found.value() && (found.value()->flags & (IFF_LOOPBACK | IFF_NOARP)) == 0) {
      see(*found.value());
    }
  }
  return {};
}

}  // namespace

Result<> add_host_route(const Link& link, const Ipv4& guest, Log& log) {
  const std::string command = "ip route add " + text_of(guest) + "/32 dev " + link.name;
  const int why = host_route(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, link, guest).change();
  if (why != EEXIST) return told(why, command, "", 0, log);
  int other = 0;
  const auto looked = each_route(Tables::main, [&](const Route& route) {
    if (route.bits != 32 || route.destination != guest) return;
    for (const int each : route.links) {
      if (each != link.index) other = each;
    }
  });
  if (!looked) return looked;
  if (other == 0) return told(EEXIST, command, "it is there already", EEXIST, log);
  const auto found = find_link({}, other);
  const std::string name = found && found.value() ? found.value()->name : "another device";
  return Error::of(Errc::state, "uml_net: " + text_of(guest) + " is reached by " + name +
                                    " already: two guests can't have one address (ip route del " +
                                    text_of(guest) + " dev " + name + ", if that one is gone)");
}

Result<> delete_host_route(const Link& link, const Ipv4& guest, Log& log, bool* was_there) {
  const int why = host_route(RTM_DELROUTE, 0, link, guest).change();
  if (was_there != nullptr) *was_there = why == 0;
  return told(why, "ip route del " + text_of(guest) + "/32 dev " + link.name, "it was not there", ESRCH, log);
}

Result<bool> has_host_routes(const Link& link) {
  bool any = false;
  const auto looked = each_route(Tables::main, [&](const Route& route) {
    any = any || (route.bits == 32 &&
                  std::find(route.links.begin(), route.links.end(), link.index) != route.links.end());
  });
  if (!looked) return looked.error();
  return any;
}

Result<> each_link_towards(const Link& link, const Ipv4& guest, const Ipv4& mask,
                           const std::function<void(const Link&)>& see) {
  const uint32_t net = number_of(guest) & number_of(mask);
  return each_link_of(
      link, [&](const Route& route) { return (number_of(route.destination) & number_of(mask)) == net; }, see);
}

Result<> each_link_beside(const Link& link, const Ipv4& guest, const std::function<void(const Link&)>& see) {
  return each_link_of(
      link,
      [&](const Route& route) {
        return route.gateways.empty() && route.bits != 0 && route.bits != 32 && route.has(guest);
      },
      see);
}

Result<> publish(const Link& link, const Ipv4& guest, Log& log) {
  const int why = neighbour(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, link, guest);
  return told(why, "ip neigh replace proxy " + text_of(guest) + " dev " + link.name, "", 0, log);
}

Result<> withdraw(const Link& link, const Ipv4& guest, Log& log) {
  const int why = neighbour(RTM_DELNEIGH, 0, link, guest);
  return told(why, "ip neigh del proxy " + text_of(guest) + " dev " + link.name, "it was not there", ENOENT,
              log);
}

}  // namespace ethercast::helper
