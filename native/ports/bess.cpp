#include "ports/bess.h"

namespace ethercast {

Result<std::unique_ptr<Port>> make_bess_port(const Config&) {
  return Error::of(Errc::unsupported, "bess is still to come");
}

}  // namespace ethercast
