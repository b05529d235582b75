// IpLinePort: what the ports have in common whose far end takes bare IPv4 packets (ip_line.h). Where the line
// comes from, and what its end means, is theirs.
#pragma once

#include <cstdint>
#include <optional>

#include "core/backoff.h"
#include "core/port.h"
#include "engine/ip_line.h"

namespace ethercast {

class IpLinePort : public Port {
 public:
  explicit IpLinePort(const IpLineOptions& ip) : ip_(ip) {}

  Caps caps() const noexcept override { return {.max_frame = ip_.mtu + kEtherHeader}; }
  TxResult transmit(const FrameBatch& batch, Picks picks) noexcept override {
    const TxResult result = line_->transmit(batch, picks);
    rearm();
    return result;
  }

 protected:
  // What open() begins with.
  void begin(PortHost& host) {
    host_ = &host;
    line_.emplace(host, ip_);
  }
  // What on_ready() and on_timer() end with.
  void rearm() noexcept {
    const uint64_t line = line_->deadline_ns();
    host_->arm(due_ns_ == 0 || (line != 0 && line < due_ns_) ? line : due_ns_);
  }
  void try_later() noexcept { due_ns_ = host_->now_ns() + backoff_.next_ns(); }
  bool take_due(uint64_t now_ns) noexcept {
    const bool due = due_ns_ != 0 && due_ns_ <= now_ns;
    if (due) due_ns_ = 0;
    return due;
  }

  const IpLineOptions ip_;
  PortHost* host_ = nullptr;  // null: not open
  std::optional<IpLine> line_;
  Backoff backoff_;
  uint64_t due_ns_ = 0;  // of what the port does by itself, next; 0: nothing
};

}  // namespace ethercast
