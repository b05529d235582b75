#include "ports/slip.h"

namespace ethercast {

Result<std::unique_ptr<Port>> make_slip_port(const Config&) {
  return Error::of(Errc::unsupported, "slip is still to come");
}

}  // namespace ethercast
