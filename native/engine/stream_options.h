// What a stream port is told by its configuration.
#pragma once

#include <cstdint>

#include "core/config.h"
#include "engine/frame_options.h"
#include "engine/stream_socket.h"
#include "engine/unix_socket.h"

namespace ethercast {

// Clients of a listener at once, unless told otherwise. Each may keep a megabyte waiting that does not read.
constexpr int64_t kStreamClients = 1024;

struct StreamOptions : FrameOptions {
  bool listens = false;
  StreamAddress address;
  UnixAccess access;  // of a listener's path
  uint32_t clients = kStreamClients;
  bool reconnect = true, wait = false;
};

Result<StreamOptions> read_stream_options(const Config& config);

}  // namespace ethercast
