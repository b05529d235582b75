#include "engine/stream_options.h"

#include <utility>

#include "engine/acceptor.h"

namespace ethercast {

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
  }
  if (config.has("clients")) {
    auto clients = config.integer("clients", 1, kMostClients);
    if (!clients) return clients.error();
    options.clients = static_cast<uint32_t>(clients.value());
  }
  for (const auto& [key, flag] : {std::pair{"reconnect", &options.reconnect}, {"wait", &options.wait}}) {
    if (auto read = config.flag_into(key, *flag); !read) return read.error();
  }
  auto sizes = read_frame_options(config);
  if (!sizes) return sizes.error();
  static_cast<FrameOptions&>(options) = sizes.value();
  return options;
}

}  // namespace ethercast
