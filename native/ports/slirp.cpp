#include "ports/slirp.h"

namespace ethercast {

Result<std::unique_ptr<Port>> make_slirp_port(const Config&) {
  return Error::of(Errc::unsupported, "slirp is still to come");
}

}  // namespace ethercast
