// The routes that this host has, as far as the helper looks at them: those to other hosts.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "core/result.h"
#include "helper/address.h"

namespace ethercast::helper {

struct Route {
  Ipv4 destination{};
  uint8_t bits = 0;
  std::vector<int> links;      // by index
  std::vector<Ipv4> gateways;  // empty: the hosts of that net are on the link itself

  bool has(const Ipv4& host) const noexcept {
    const uint32_t mask = bits == 0 ? 0 : ~uint32_t{0} << (32 - bits);
    return ((number_of(destination) ^ number_of(host)) & mask) == 0;
  }
};

// Where links are picked the main table counts alone, as its routes are for everything that this host sends;
// who has an address already can be in any (policy routing, VRF).
enum class Tables { main, all };

Result<> each_route(Tables tables, const std::function<void(const Route&)>& see);

}  // namespace ethercast::helper
