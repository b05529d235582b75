// Acceptor: takes the clients of a listening socket. When there is no descriptor left for one it pauses, and
// goes on by itself: a client that can't be accepted would make the listening socket ready again and again.
#pragma once

#include <cstdint>
#include <string>

#include "core/port.h"
#include "engine/fd.h"

namespace ethercast {

class AcceptorClients {
 public:
  virtual void take(Fd client) = 0;

 protected:
  ~AcceptorClients() = default;
};

class Acceptor {
 public:
  // Watches `fd`, a listening socket that does not block. `name` is for the events' messages.
  Result<> open(PortHost& host, Fd fd, std::string name);
  // Hands over some of those who wait. Also for the timer, which a pause arms.
  void accept(AcceptorClients& clients);
  // Idempotent.
  void close() noexcept;

 private:
  void pause(int os_errno);
  void go_on();

  PortHost* host_ = nullptr;
  Fd fd_;
  std::string name_;
  bool paused_ = false;
};

}  // namespace ethercast
