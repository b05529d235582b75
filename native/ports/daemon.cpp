#include "ports/daemon.h"

namespace ethercast {

Result<std::unique_ptr<Port>> make_daemon_port(const Config&) {
  return Error::of(Errc::unsupported, "daemon is still to come");
}

}  // namespace ethercast
