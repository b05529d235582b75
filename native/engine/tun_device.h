// TunDevice: a TUN device of this host, the kernel's network device whose packets a program reads and writes
// bare, without Ethernet (Documentation/networking/tuntap.rst). It goes when it is closed.
#pragma once

#include <string>

#include "core/result.h"
#include "engine/fd.h"
#include "engine/link_setup.h"

namespace ethercast {

class TunDevice {
 public:
  // Makes `name` (empty: the next free tunN), up, with this address and MTU. Errors teach.
  Result<> open(const std::string& name, const HostAddress& address, uint32_t mtu);
  void close() noexcept { fd_.reset(); }

  int fd() const noexcept { return fd_.get(); }
  const std::string& name() const noexcept { return name_; }

 private:
  Fd fd_;
  std::string name_;
};

}  // namespace ethercast
