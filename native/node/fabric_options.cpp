#include "node/fabric_options.h"

namespace ethercast {

namespace {
constexpr int64_t kMaxStations = 1 << 20;
constexpr int64_t kMaxAgeing_us = 1'000'000'000'000'000;  // 1e12 ms
constexpr uint64_t kNsPerUs = 1000;
}  // namespace

Result<FabricOptions> fabric_options(const Config& config) {
  const auto hub = config.flag("hub");
  const auto ageing_us = config.integer("ageingUs", 1000, kMaxAgeing_us);
  const auto table_size = config.integer("tableSize", 1, kMaxStations);
  const auto station_limit = config.integer("stationLimit", 0, kMaxStations);
  const auto storm_limit = config.integer("stormLimit", 0, StormLimit::kMost);
  const auto forward_reserved = config.flag("forwardReserved");
  if (!hub) return hub.error();
  if (!forward_reserved) return forward_reserved.error();
  for (const auto* number : {&ageing_us, &table_size, &station_limit, &storm_limit}) {
    if (!*number) return number->error();
  }
  FabricOptions options;
  options.forwarding = hub.value() ? Forwarding::hub : Forwarding::learning;
  options.ageing_ns = static_cast<uint64_t>(ageing_us.value()) * kNsPerUs;
  options.table_capacity = static_cast<uint32_t>(table_size.value());
  options.station_limit = static_cast<uint32_t>(station_limit.value());
  options.storm_limit = static_cast<uint32_t>(storm_limit.value());
  options.forward_reserved = forward_reserved.value();
  return options;
}

}  // namespace ethercast
