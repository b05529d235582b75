#include "ports/switch.h"

namespace ethercast {

Result<std::unique_ptr<Port>> make_switch_port(const Config&) {
  return Error::of(Errc::unsupported, "switch is still to come");
}

}  // namespace ethercast
