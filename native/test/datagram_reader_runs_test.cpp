// DatagramReader: runs that the kernel hands over as one message (UDP_GRO), on 127.0.0.1.
#include <doctest/doctest.h>
#include <netinet/udp.h>

#include <algorithm>
#include <functional>

#include "engine/datagram_reader.h"
#include "engine/udp_socket.h"
#include "test/support/fake_host.h"
#include "test/support/faults.h"
#include "test/support/packets.h"
#include "test/support/random.h"
#include "test/support/sockets.h"

using namespace ethercast;
using namespace ethercast::test;

namespace {

struct Judge final : SenderJudge {
  std::function<std::optional<RxDrop>(const SockAddr&)> answer = [](const SockAddr&) {
    return std::optional<RxDrop>();
  };
  std::optional<RxDrop> judge(const SockAddr& sender) noexcept override { return answer(sender); }
};

struct RunBench {
  Fd in = loopback_socket(), out = loopback_socket();
  SockAddr to = local_address(in.get());
  FakeHost host;
  DatagramReader reader;
  Judge judge;
  std::vector<Octets> wire;
  uint64_t octets = 0;

  explicit RunBench(bool offload = true, size_t batches = 8) : host(batches) {
    set_buffer(in.get(), SO_RCVBUF, 32 << 20);
    reader.use(in.get(), host, offload);
  }
  // Frames of `length` octets, the last of `last`, as one message.
  void send_run(uint32_t frames, size_t length, size_t last) {
    Octets all;
    for (uint32_t i = 0; i < frames; ++i) {
      const Octets frame = pattern(i + 1 == frames ? last : length, static_cast<uint32_t>(wire.size()));
      append(all, frame);
      wire.push_back(frame);
    }
    octets += all.size();
    send_message(out, all, frames > 1 ? static_cast<uint16_t>(length) : uint16_t{0});
  }
  void send_message(const Fd& from, const Octets& all, uint16_t length) {
    const int size = length;
    REQUIRE(setsockopt(from.get(), IPPROTO_UDP, UDP_SEGMENT, &size, sizeof size) == 0);
    REQUIRE(send_to(from, to, all));
  }
  // Reads until nothing comes any more; how often.
  int read() {
    int reads = 0;
    while (true) {
      pollfd wanted{in.get(), POLLIN, 0};
      if (::poll(&wanted, 1, 0) <= 0) return reads;
      reader.receive(in.get(), host, judge);
      ++reads;
    }
  }
  void check_heard() {
    read();
    REQUIRE(host.frames.size() == wire.size());
    for (size_t i = 0; i < wire.size(); ++i) {
      INFO("frame ", i);
      REQUIRE(host.frames[i] == wire[i]);
    }
    CHECK(host.counters().rx_frames.get() == wire.size());
    CHECK(host.counters().rx_octets.get() == octets);
    CHECK(host.counters().kernel_drops.get() == 0);
    CHECK(host.pool().leased() == 0);
  }
};

}  // namespace

TEST_CASE("datagram reader runs: come as one message and become frames, in order") {
  RunBench bench;
  bench.send_run(10, 1000, 1000);
  bench.send_run(3, 500, 1);
  bench.send_run(1, 60, 60);
  bench.send_run(128, 14, 14);
  CHECK(bench.read() == 1);
  bench.check_heard();
  CHECK(bench.host.counters().rx_super_frames.get() == 3);
  CHECK(bench.host.notes["receive_offload"] == "udp runs");
}

TEST_CASE("datagram reader runs: more frames than a batch holds") {
  RunBench bench;
  bench.send_run(128, 64, 64);  // slots are as wide as that from now on
  bench.check_heard();
  bench.host.batches.clear();
  bench.send_run(100, 64, 64);
  bench.send_run(100, 64, 64);
  bench.send_run(128, 64, 3);
  bench.check_heard();
  CHECK(bench.host.batches == std::vector<uint16_t>{128, 128, 72});
}

TEST_CASE("datagram reader runs: as long as a datagram can be, spilled and not") {
  RunBench bench;
  for (int turn = 0; turn < 3; ++turn) {
    bench.send_run(46, 1455, 65507 - 45 * 1455);
    bench.send_run(7, 9014, 9014);
    bench.send_run(2, 65000, 507);
    bench.send_run(1, 65507, 65507);
    bench.send_run(128, 511, 511);
    bench.check_heard();
  }
}

TEST_CASE("datagram reader runs: any mixture, in order") {
  const uint64_t seed = 46;
  Random random(seed);
  RunBench bench;
  for (int turn = 0; turn < 200; ++turn) {
    INFO("seed ", seed, ", turn ", turn);
    for (uint32_t n = 1 + random.below(10); n > 0; --n) {
      const uint32_t length = 14 + random.below(random.one_in(5) ? 60'000 : 2'000);
      const uint32_t frames = 1 + random.below(std::min(128u, 65507 / length));
      bench.send_run(frames, length, 1 + random.below(length));
    }
    bench.read();
  }
  bench.check_heard();
}

TEST_CASE("datagram reader runs: dropped ones are counted by their frames") {
  RunBench bench;
  const Fd stranger = loopback_socket();
  const SockAddr friendly = local_address(bench.out.get());
  bench.judge.answer = [&](const SockAddr& sender) {
    return sender == friendly ? std::nullopt : std::optional(RxDrop::own_echo);
  };
  for (const uint32_t length : {100, 1400}) {
    bench.send_run(5, length, length);
    bench.send_message(stranger, pattern(30 * length + 1, 1), static_cast<uint16_t>(length));
    bench.send_message(stranger, pattern(14, 1), 0);
    bench.send_run(5, length, 20);
  }
  bench.read();
  CHECK(bench.host.dropped(RxDrop::own_echo) == 2 * 32);
  CHECK(bench.host.counters().rx_frames.get() == 20 + 64);
  CHECK(bench.host.frames == bench.wire);
}

TEST_CASE("datagram reader runs: one that spills without a second batch is counted by its frames") {
  RunBench bench(true, 1);
  bench.send_run(40, 1500, 700);
  bench.read();
  CHECK(bench.host.counters().rx_frames.get() == 40);
  CHECK(bench.host.dropped(RxDrop::no_batch) == 40);
  CHECK(bench.host.frames.empty());
}

TEST_CASE("datagram reader runs: offload=off, and a kernel without UDP_GRO: the same frames, one by one") {
  const FaultScope scope;
  RunBench off(false);
  CHECK(off.host.notes["receive_offload"] == "off: as configured");
  Faults::refuse_option(IPPROTO_UDP, UDP_GRO);
  RunBench old;
  CHECK(old.host.notes["receive_offload"] == "off: the kernel has no UDP_GRO");
  for (RunBench* const bench : {&off, &old}) {
    bench->send_run(20, 1000, 10);
    bench->check_heard();
    CHECK(bench->host.counters().rx_super_frames.get() == 0);
  }
}

TEST_CASE("datagram reader runs: SYNs in them are clamped in place") {
  RunBench bench;
  bench.reader.set_mss_limit({1400, 1380});
  Octets all;
  for (const uint32_t from : {1, 2, 3}) {
    Wire wire = {
        .from = from, .flags = from == 2 ? kAck : kSyn, .tcp_options = {1, 2, 4, 0x05, 0xb4, 1, 1, 1}};
    append(all, build(wire));
    if (from != 2) wire.tcp_options = {1, 2, 4, 0x05, 0x78, 1, 1, 1};
    bench.wire.push_back(build(wire));
  }
  bench.octets = all.size();
  bench.send_message(bench.out, all, static_cast<uint16_t>(all.size() / 3));
  bench.check_heard();
  CHECK(bench.host.counters().mss_clamped.get() == 2);
}
