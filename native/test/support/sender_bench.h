// SenderBench: a DatagramSender with a host that is none and a socket that hears what it sends; and a batch
// that takes frames of all kinds and knows what they are on a wire.
#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <vector>

#include "engine/datagram_sender.h"
#include "engine/udp_socket.h"
#include "test/support/fake_host.h"
#include "test/support/packets.h"
#include "test/support/sockets.h"

namespace ethercast::test {

struct Recovery final : SendRecovery {
  std::vector<int> asked;
  std::function<bool(int)> answer = [](int) { return false; };
  bool recover(int os_errno) noexcept override {
    asked.push_back(os_errno);
    return answer(os_errno);
  }
};

class SenderBench {
 public:
  // `offload`: as the port's option has it.
  explicit SenderBench(bool offload = true) : sender(host, recovery, offload) {
    set_buffer(in.get(), SO_RCVBUF, 16 << 20);
    to = local_address(in.get());
    sender.use(out.get(), &to);
  }

  // Frames for the next transmit(). False when the batch is full.
  bool add(const Octets& frame) {
    if (!batch.append(frame, 0)) return false;
    wire.push_back(frame);
    return true;
  }
  bool add_super(const Wire& frame, uint16_t gso_size) {
    if (!append_described(batch, frame, gso_size)) return false;
    for (Octets& cut : build_cut(frame, gso_size)) wire.push_back(std::move(cut));
    return true;
  }
  TxResult transmit() {
    std::vector<uint16_t> picks;
    for (uint16_t i = 0; i < batch.size(); ++i) picks.push_back(i);
    const TxResult result = sender.transmit(batch, picks);
    CHECK(result.sent + result.queued + result.dropped == wire.size() - picked);
    picked = wire.size();
    batch.clear();
    check_account();
    return result;
  }
  // picked = tx + drops + queued
  void check_account() {
    uint64_t drops = 0;
    for (const Counter& each : host.counters().tx_drops) drops += each.get();
    CHECK(picked == host.counters().tx_frames.get() + drops + host.counters().queued.get());
  }
  // All that was added has come, in order, octet for octet, and nothing else.
  void check_heard() {
    for (; heard < wire.size(); ++heard) {
      INFO("frame ", heard, " of ", wire.size());
      const auto frame = receive(in.get());
      REQUIRE(frame);
      REQUIRE(*frame == wire[heard]);
    }
    CHECK_FALSE(receive(in.get(), 0));
  }
  std::string note() { return host.notes["send_offload"]; }

  FakeHost host;
  Recovery recovery;
  DatagramSender sender;
  Fd in = loopback_socket(), out = loopback_socket();
  SockAddr to;
  FrameBatch batch;
  std::vector<Octets> wire;  // as it must come
  size_t picked = 0, heard = 0;
};

}  // namespace ethercast::test
