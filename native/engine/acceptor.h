// Acceptor: takes the clients of a listening socket, as many as there are places and descriptors for, and
// makes ports of them. Whom it does not take it counts, and tells the newest reason at most once a second:
// whoever may connect could keep JavaScript busy otherwise.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/port.h"
#include "engine/descriptor_reserve.h"
#include "engine/fd.h"
#include "engine/unix_socket.h"

namespace ethercast {

// Clients of one listener at most, whatever is asked for: each is a port, of which a switch has 65535.
constexpr int64_t kMostClients = 60'000;

// One of the places that a listener has for its clients. A client keeps it as long as it lives; it may
// outlive its listener.
class Seat {
 public:
  explicit Seat(std::shared_ptr<uint32_t> taken) noexcept : taken_(std::move(taken)) { ++*taken_; }
  Seat(Seat&&) noexcept = default;
  Seat& operator=(Seat&&) = delete;
  ~Seat() {
    if (taken_) --*taken_;
  }

 private:
  std::shared_ptr<uint32_t> taken_;
};

// What a listener does with those who have connected: admit() them, now or once they have said something, or
// refuse() them.
class AcceptorClients {
 public:
  // `who`: "pid 812, uid 0", or an address and port.
  virtual void take(Fd client, std::string who) = 0;

 protected:
  ~AcceptorClients() = default;
};

// Those for whom there is no descriptor.
enum class WithoutDescriptors : uint8_t {
  wait,       // in the backlog: what they send waits with them
  turn_away,  // at once, with the descriptor that is kept back: for those who ask, and wait for an answer
};

class Acceptor {
 public:
  struct Options {
    std::string spec;      // what the names of its clients begin with
    uint32_t clients = 0;  // most at once
    int descriptors = 1;   // that one takes
    WithoutDescriptors without = WithoutDescriptors::wait;
  };
  explicit Acceptor(Options options) : options_(std::move(options)) {}

  // Watches the socket. Notes where it listens (`listens_on`), and whether a dead socket was there before
  // (`stale_socket`).
  Result<> open(PortHost& host, Listening listening);
  int fd() const noexcept { return socket_.fd.get(); }
  // The socket is ready: hands over some of those who wait.
  void accept(AcceptorClients& clients);
  void on_timer(AcceptorClients& clients);
  // Asks for on_timer(), when it or the port (`other_ns`; 0: not) needs it. accept() and on_timer() have
  // asked for themselves.
  void arm(uint64_t other_ns = 0) noexcept;
  // The client that `make(Seat)` makes becomes a port, if there is a place for it.
  template <typename Make>
  void admit(const std::string& who, Make&& make) {
    if (auto seat = seat_for(who)) adopt(make(std::move(*seat)), who);
  }
  // Counts one that is not taken.
  void refuse(const std::string& who, const std::string& why);
  // Idempotent.
  void close() noexcept;

 private:
  void accept_some(AcceptorClients& clients);
  // 0: one was turned away; else the errno that says why not.
  int turn_away();
  std::optional<Seat> seat_for(const std::string& who);
  void adopt(std::unique_ptr<Port> client, const std::string& who);
  void tell_refusal();
  void run_short(int os_errno);
  void look(AcceptorClients& clients);

  const Options options_;
  PortHost* host_ = nullptr;
  Listening socket_;
  DescriptorReserve reserve_;
  const std::shared_ptr<uint32_t> taken_ = std::make_shared<uint32_t>(0);
  uint64_t last_client_ = 0;
  std::string last_refusal_;
  bool untold_ = false;
  uint64_t tell_at_ns_ = 0;
  bool short_ = false;  // of descriptors
  uint64_t look_at_ns_ = 0;
};

}  // namespace ethercast
