#include "ports/pcap.h"

namespace ethercast {

Result<std::unique_ptr<Port>> make_pcap_port(const Config&) {
  return Error::of(Errc::unsupported, "pcap is still to come");
}

}  // namespace ethercast
