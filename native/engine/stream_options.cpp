#include "engine/stream_options.h"

#include <algorithm>
#include <utility>

namespace ethercast {

namespace {
constexpr mode_t kOwnerAlone = 0600;
}  // namespace

Result<StreamOptions> read_stream_options(const Config& config) {
  StreamOptions options;
  options.listens = config.has("listen");
  if (options.listens == config.has("connect")) {
    return Error::bad_field(options.listens ? "connect" : "listen",
                            "one of listen and connect is wanted, not both");
  }
  auto address = read_stream_address(config, options.listens ? "listen" : "connect");
  if (!address) return address.error();
  options.address = address.value();
  if (options.listens && options.address.is_path()) {
    auto access = read_unix_access(config);
    if (!access) return access.error();
    options.access = access.value();
    if (!options.access.mode) options.access.mode = kOwnerAlone;
  }
  if (config.has("clients")) {
    auto clients = config.integer("clients", 1, kMostStreamClients);
    if (!clients) return clients.error();
    options.clients = static_cast<uint32_t>(clients.value());
  }
  for (const auto& [key, flag] : {std::pair{"reconnect", &options.reconnect}, {"wait", &options.wait}}) {
    if (!config.has(key)) continue;
    auto given = config.flag(key);
    if (!given) return given.error();
    *flag = given.value();
  }
  if (config.has("buffer")) {
    auto buffer = config.integer("buffer", 4096, 1 << 30);
    if (!buffer) return buffer.error();
    options.buffer = static_cast<int>(buffer.value());
  }
  if (config.has("mtu")) {
    auto mtu = config.integer("mtu", 68, kMaxFrame);
    if (!mtu) return mtu.error();
    // A tag comes on top: a full frame of a tagged LAN is four octets longer.
    options.max_frame = std::min(static_cast<uint32_t>(mtu.value()) + kEtherHeader + kVlanTag, kMaxFrame);
  }
  return options;
}

}  // namespace ethercast
