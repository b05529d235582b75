#include "ports/dgram.h"

namespace ethercast {

Result<std::unique_ptr<Port>> make_dgram_port(const Config&) {
  return Error::of(Errc::unsupported, "dgram is still to come");
}

}  // namespace ethercast
