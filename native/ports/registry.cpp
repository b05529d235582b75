#include "ports/registry.h"

#include "ports/mcast.h"
#include "ports/tap.h"
#include "ports/ucast.h"

namespace ethercast {

namespace {
struct Entry {
  const char* transport;
  Result<std::unique_ptr<Port>> (*make)(const Config& config);
};

constexpr Entry kEntries[] = {
    {"mcast", make_mcast_port},
    {"tuntap", make_tap_port},
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
