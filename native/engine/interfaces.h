// Network interfaces and routes, as the kernel tells them (rtnetlink(7), getifaddrs(3)). Reading only; needs
// no privilege.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"
#include "engine/address.h"

namespace ethercast {

struct Interface {
  int index = 0;
  std::string name;
  uint32_t flags = 0;  // IFF_UP, IFF_MULTICAST, IFF_LOOPBACK … (netdevice(7))
  uint32_t mtu = 0;    // octets of the largest IP packet
  std::vector<SockAddr> addresses;

  // The first address of a family, as the kernel would choose it for lack of a better one; empty if there is
  // none.
  SockAddr first_address(int family) const noexcept;
};

Result<std::vector<Interface>> list_interfaces();

// By name, by index ("2"), or by one of its addresses. The error names the interfaces there are.
Result<Interface> find_interface(const std::string& wanted);
Result<Interface> interface_by_index(int index);
// Whether it is an address of one of this host's interfaces.
bool is_of_this_host(const SockAddr& address);

struct Route {
  int interface_index = 0;
  uint32_t mtu = 0;  // of the route if it has one, at most that of its interface
  SockAddr source;   // the preferred source address; empty if the route names none
};

// The route a datagram to `destination` would take now; `interface_index` 0: through any interface. Errors:
// ENETUNREACH and its like, as Errc::os.
Result<Route> route_to(const SockAddr& destination, int interface_index = 0);

struct ChosenInterface {
  Interface interface;
  const char* why;  // for people
};

// The interface on which to join `group`: the one of that name, index or address, else the one that the route
// to the group names, else the only one that is up. The error says what there is to choose from.
Result<ChosenInterface> interface_for(const std::string& wanted, const SockAddr& group);

}  // namespace ethercast
