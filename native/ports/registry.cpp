#include "ports/registry.h"

#include "engine/inherited_fd.h"
#include "ports/bess.h"
#include "ports/daemon.h"
#include "ports/dgram.h"
#include "ports/fd.h"
#include "ports/mcast.h"
#include "ports/pcap.h"
#include "ports/slip.h"
#include "ports/slirp.h"
#include "ports/stream.h"
#include "ports/switch.h"
#include "ports/tap.h"
#include "ports/ucast.h"

namespace ethercast {

namespace {
struct Entry {
  const char* transport;
  Result<std::unique_ptr<Port>> (*make)(const Config& config);
};

// A tap that was inherited is a tap like any other.
Result<std::unique_ptr<Port>> make_inherited_port(const Config& config) {
  const auto number = config.integer("fd", 0, INT32_MAX);
  return number && is_tun_descriptor(static_cast<int>(number.value())) ? make_tap_port(config)
                                                                       : make_fd_port(config);
}

constexpr Entry kEntries[] = {
    {"bess", make_bess_port},     {"daemon", make_daemon_port}, {"dgram", make_dgram_port},
    {"ethertap", make_tap_port},  {"fd", make_inherited_port},  {"mcast", make_mcast_port},
    {"pcap", make_pcap_port},     {"slip", make_slip_port},     {"slirp", make_slirp_port},
    {"stream", make_stream_port}, {"switch", make_switch_port}, {"tuntap", make_tap_port},
    {"ucast", make_ucast_port},
};
}  // namespace

Result<std::unique_ptr<Port>> make_port(const std::string& transport, const Config& config) {
  for (const Entry& entry : kEntries) {
    if (transport == entry.transport) return entry.make(config);
  }
  return Error::bad_field("transport", "transport " + transport + " is not in this build");
}

}  // namespace ethercast
