#include "ports/fd.h"

namespace ethercast {

Result<std::unique_ptr<Port>> make_fd_port(const Config&) {
  return Error::of(Errc::unsupported, "fd is still to come");
}

}  // namespace ethercast
