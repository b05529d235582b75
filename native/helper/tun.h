// The kernel's devices with a program behind them (Documentation/networking/tuntap.rst): made, or attached
// to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "helper/descriptors.h"
#include "helper/host.h"
#include "helper/rights.h"

namespace ethercast::helper {

enum class Carries { frames, packets };

struct Tun {
  Fd fd;
  Link link;
  bool made_here = false;  // it goes with the last descriptor
};

// Makes one, of the first of these names that is free: names of devices, and patterns with %d for the next
// free number. It belongs to that user.
Result<Tun> make_tun(const std::vector<std::string>& names, Carries what, std::optional<uint32_t> owner);
// The one of that name, made if there is none. One that is there already is had by the caller's own rights
// alone where those are limited.
Result<Tun> open_tun(const std::string& name, Carries what, const Rights& rights);

}  // namespace ethercast::helper
