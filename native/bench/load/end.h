// One end of the load: how a station is plugged into the switch under test. The same program speaks to all of
// them, one frame a datagram or record:
//
// - mcast:GROUP:PORT  a member of a multicast group on loopback (User-Mode Linux's `mcast`)
// - uml:SOCKET        a client of uml_switch (its control protocol, version 3)
// - vde:DIRECTORY     a client of vde_switch (the same protocol, a socket a port)
// - stream:PATH       a stream socket, four octets of length before each frame (QEMU's `stream`, passt)
// - packet:PATH       a socket that keeps packets apart (User-Mode Linux's vector `bess`)
// - udp:OWN:PORT      a UDP socket on loopback, connected to another port (User-Mode Linux's `ucast`)
// - dgram:OWN:PATH    a datagram socket with a name of its own (QEMU's `dgram`)
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/fd.h"

namespace ethercast::load {

// Of a stream: the frame's length, high octets first.
constexpr size_t kPrefixOctets = 4;

class End {
 public:
  static End open(const std::string& spec, bool listens);

  // Where frames go out: connected, so that a plain send() does.
  int out() const noexcept { return out_.get(); }
  // Where frames come in; -1 where this end does not listen.
  int in() const noexcept { return in_ ? in_.get() : (duplex_ ? out_.get() : -1); }
  bool is_udp() const noexcept { return udp_ || !duplex_; }
  // Frames have their length before them, for there are no datagrams.
  bool is_stream() const noexcept { return stream_; }
  // One frame, now or never; the octets of it, or -1. For what is not measured.
  void send(const uint8_t* frame, size_t length) const noexcept;
  ssize_t receive(uint8_t* frame, size_t capacity) const noexcept;
  // An end that does not listen to its group does so between these two: a member that only sends costs the
  // kernel nothing, one that hears itself costs it a copy of each frame.
  void listen();
  void stop_listening() noexcept;

 private:
  std::string group_;
  uint16_t port_ = 0;
  Fd out_;
  Fd in_;
  Fd control_;  // the switch takes its end for the client's end
  bool duplex_ = false;
  bool stream_ = false;
  bool udp_ = false;  // of those that are duplex
};

}  // namespace ethercast::load
