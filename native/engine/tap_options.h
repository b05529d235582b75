// What a tap port is configured to be, read from a Config.
#pragma once

#include <optional>

#include "core/config.h"
#include "engine/link_setup.h"
#include "engine/tap_device.h"

namespace ethercast {

struct TapOptions {
  TapWish wish;
  std::optional<HostAddress> host_ip;
  std::string host_ip_text;
  uint32_t mtu = 0;  // octets of the largest IP packet; 0: as suits the LAN
};

// Resolves names of users and groups, which may take a while: not on the I/O thread.
Result<TapOptions> read_tap_options(const Config& config);

}  // namespace ethercast
