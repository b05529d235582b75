// AddressWatch: tells when addresses, links or routes of this host change (rtnetlink(7) multicast groups).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"
#include "engine/address.h"
#include "engine/fd.h"

namespace ethercast {

struct AddressChange {
  enum class What : uint8_t {
    address_added,
    address_removed,
    link_changed,  // also a new link: `name` and `interface_index` say which
    link_removed,
    route_changed,
    missed,  // the kernel lost some: anything may have changed
  };
  What what;
  int interface_index;
  std::string name;    // for links
  SockAddr address;    // for addresses
  uint32_t flags = 0;  // for links: IFF_UP … (netdevice(7))
  uint32_t mtu = 0;    // for links: octets of the largest IP packet
};

class AddressWatch {
 public:
  Result<> open();
  int fd() const noexcept { return fd_.get(); }
  // What has come since the last call, at most a buffer full. Call again when the descriptor is readable
  // again.
  std::vector<AddressChange> read();
  void close() noexcept { fd_.reset(); }

 private:
  Fd fd_;
};

}  // namespace ethercast
