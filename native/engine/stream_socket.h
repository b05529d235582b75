// Sockets that carry a stream of octets: AF_UNIX by path, TCP by address and port. unix(7), tcp(7).
#pragma once

#include <string>

#include "core/config.h"
#include "core/port.h"
#include "core/result.h"
#include "engine/address.h"
#include "engine/fd.h"
#include "engine/unix_socket.h"

namespace ethercast {

// Where a stream ends: a path, or an address with a port.
struct StreamAddress {
  std::string text;  // as it was given
  std::string path;  // empty: TCP
  SockAddr inet;
  bool is_path() const noexcept { return !path.empty(); }
};

// From the text in `field`: a path if it holds a slash, else HOST:PORT; an IPv6 address in brackets. No names
// are looked up.
Result<StreamAddress> read_stream_address(const Config& config, const std::string& field);

// Listens, non-blocking; `access`: of a path.
Result<Listening> stream_listen(const StreamAddress& address, const UnixAccess& access);

// A socket on its way to its peer, or there already (always, if it is a path).
struct StreamAttempt {
  Fd fd;
  bool connected = false;
};
Result<StreamAttempt> stream_connect(const StreamAddress& address);
// How the attempt ended, once its socket is writable or has an error.
Result<> stream_connected(int fd, const StreamAddress& address);
// Why a connection failed, as a sentence that says what to do.
Error stream_error(int os_errno, const StreamAddress& address);

// What a connection is given: no delay, a sign of life every few seconds while nothing else is said (TCP),
// and its buffers; `buffer`: octets of each, 0: as the system has it. Notes `receive_buffer`.
void tune_stream(PortHost& host, int fd, bool tcp, int buffer);
// Whether a TCP peer has acknowledged nothing for half a minute although it should have. One that only does
// not read (a guest that is paused) acknowledges, and is not gone.
bool stream_is_dead(int fd) noexcept;
// Who is at the other end of a connection: its credentials (`pid 812, uid 0`), or its address and port.
std::string stream_peer(int fd);

}  // namespace ethercast
