// One end of the load: how a station is plugged into the switch under test. The same program speaks to all of
// them, one frame a datagram:
//
// - mcast:GROUP:PORT  a member of a multicast group on loopback (User-Mode Linux's `mcast`)
// - uml:SOCKET        a client of uml_switch (its control protocol, version 3)
// - vde:DIRECTORY     a client of vde_switch (the same protocol, a socket a port)
#pragma once

#include <string>

#include "engine/fd.h"

namespace ethercast::load {

class End {
 public:
  static End open(const std::string& spec, bool listens);

  // Where frames go out: connected, so that a plain send() does.
  int out() const noexcept { return out_.get(); }
  // Where frames come in; -1 where this end does not listen.
  int in() const noexcept { return in_ ? in_.get() : (duplex_ ? out_.get() : -1); }
  bool is_udp() const noexcept { return !duplex_; }
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
};

}  // namespace ethercast::load
