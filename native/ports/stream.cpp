#include "ports/stream.h"

namespace ethercast {

Result<std::unique_ptr<Port>> make_stream_port(const Config&) {
  return Error::of(Errc::unsupported, "stream is still to come");
}

}  // namespace ethercast
