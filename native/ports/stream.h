// Frames over a connection, each behind its length in four octets: QEMU's `stream` and `socket` netdevs and
// passt's socket. As a client, or as a listener whose every client is a port of its own.
#pragma once

#include <memory>

#include "core/config.h"
#include "core/port.h"

namespace ethercast {

// Config: one of listen and connect (a path with a slash, or HOST:PORT), and where given buffer (octets), mtu
// (octets of the largest IP packet); for a listener clients (how many at once), and on a path mode and group;
// for a client reconnect and wait.
Result<std::unique_ptr<Port>> make_stream_port(const Config& config);

}  // namespace ethercast
