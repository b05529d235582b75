#include "ports/ethertap.h"

namespace ethercast {

Result<std::unique_ptr<Port>> make_ethertap_port(const Config&) {
  return Error::of(Errc::unsupported, "ethertap is still to come");
}

}  // namespace ethercast
