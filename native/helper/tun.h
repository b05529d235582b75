// The kernel's devices with a program behind them (Documentation/networking/tuntap.rst): made, or attached
// to.
#pragma once

#include <string>

#include "core/result.h"
#include "helper/descriptors.h"
#include "helper/host.h"

namespace ethercast::helper {

enum class Carries { frames, packets };

struct Tun {
  Fd fd;
  Link link;
  bool made_here = false;  // it goes with the last descriptor
};

// `name`: a device's, or a pattern with %d for the next free one.
Result<Tun> open_tun(const std::string& name, Carries what);

}  // namespace ethercast::helper
