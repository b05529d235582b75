// Taps and TUN devices that stay without a program: made, given to a user or group, and let go again
// (TUNSETPERSIST and its like, linux/if_tun.h). What tunctl does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/result.h"

namespace ethercast {

struct TunPersistence {
  std::string clone = "/dev/net/tun";  // the device that taps are had from
  std::string device;                  // empty or tap%d: the next free one
  bool ethernet = true;                // a tap; else a TUN device, which carries bare packets
  bool persist = true;                 // false: it goes, unless a program has it
  std::optional<uint32_t> owner, group;
};

// Attaches to the device, or makes it, and sets what is wanted of it. Returns its name. Errors are the
// kernel's in its own words, as perror(3) has them, with the call that failed: open, TUNSETIFF, TUNSETOWNER,
// TUNSETGROUP, TUNSETPERSIST.
Result<std::string> set_tun_persistence(const TunPersistence& wanted);

}  // namespace ethercast
