// DatagramSender: runs and super-frames, and what becomes of them where the kernel can't or won't. On
// 127.0.0.1, to a plain socket: what comes is what a LAN's other members see.
#include <doctest/doctest.h>
#include <netinet/udp.h>
#include <sys/epoll.h>

#include "test/support/faults.h"
#include "test/support/random_wire.h"
#include "test/support/sender_bench.h"

using namespace ethercast;
using namespace ethercast::test;

namespace {

using Messages = std::vector<uint32_t>;

Wire flow(size_t payload, bool v6 = false) {
  return {.v6 = v6, .flags = kAck | kPsh, .payload = pattern(payload, static_cast<uint32_t>(payload))};
}

// How many frames each message has, of frames of these lengths.
Messages messages_of(SenderBench& bench, const std::vector<size_t>& lengths) {
  const FaultScope scope;
  Faults::record_options();
  for (size_t i = 0; i < lengths.size(); ++i) {
    if (!bench.add(pattern(lengths[i], static_cast<uint32_t>(i)))) {
      bench.transmit();
      REQUIRE(bench.add(pattern(lengths[i], static_cast<uint32_t>(i))));
    }
  }
  CHECK(bench.transmit().dropped == 0);
  const Messages messages = Faults::messages();
  bench.check_heard();
  return messages;
}

}  // namespace

TEST_CASE("datagram runs: frames of one length leave as one message, a shorter one ends it") {
  SenderBench bench;
  CHECK(messages_of(bench, std::vector<size_t>(20, 1000)) == Messages{20});
  CHECK(messages_of(bench, {100, 100, 50, 100, 100, 200, 200, 60}) == Messages{3, 2, 3});
  CHECK(messages_of(bench, {14}) == Messages{1});
  CHECK(messages_of(bench, {14, 15, 16, 17}) == Messages{1, 1, 1, 1});
  CHECK(messages_of(bench, {17, 16, 15, 14}) == Messages{2, 2});
  CHECK(bench.host.counters().tx_super_frames.get() == 6);
  CHECK(bench.note() == "udp segmentation");
}

TEST_CASE("datagram runs: at most 128 frames and 65507 octets") {
  SenderBench bench;
  CHECK(messages_of(bench, std::vector<size_t>(128, 64)) == Messages{128});
  CHECK(messages_of(bench, std::vector<size_t>(8, 9000)) == Messages{7, 1});
  CHECK(messages_of(bench, {65507, 65507}) == Messages{1, 1});
  CHECK(messages_of(bench, {32753, 32753, 1}) == Messages{3});
  CHECK(messages_of(bench, {32753, 32753, 2}) == Messages{2, 1});
  const FaultScope scope;
  Faults::record_options();
  REQUIRE(bench.add_super(flow(30'000), 100));
  bench.transmit();
  CHECK(Faults::messages() == Messages{128, 128, 44});
  bench.check_heard();
}

TEST_CASE("datagram runs: what has to be fragmented leaves alone") {
  SenderBench bench;
  bench.sender.set_unfragmented(1472);
  CHECK(messages_of(bench, {1472, 1472, 1473, 1473, 1472}) == Messages{2, 1, 1, 1});
  CHECK(bench.host.counters().fragmented.get() == 2);
  REQUIRE(bench.add_super(flow(14'600), 1460));
  bench.transmit();
  CHECK(bench.host.counters().fragmented.get() == 12);
  bench.check_heard();
}

TEST_CASE("datagram runs: super-frames leave as the frames they stand for") {
  SenderBench bench;
  for (const bool v6 : {false, true}) {
    for (const bool udp : {false, true}) {
      for (const size_t payload : {2, 1449, 2896, 60'000}) {
        Wire wire = flow(payload, v6);
        wire.udp = udp;
        if (payload == 2896) wire.tags = {0x88a8, 0x8100};
        REQUIRE(bench.add_super(wire, payload == 2 ? 1 : 1448));
        CHECK(bench.transmit().dropped == 0);
        bench.check_heard();
      }
    }
  }
  CHECK(bench.host.counters().tx_octets.get() > 240'000);
}

TEST_CASE("datagram runs: one super-frame behind another, and ordinary frames between, make one run") {
  SenderBench bench;
  const FaultScope scope;
  Faults::record_options();
  for (int i = 0; i < 4; ++i) REQUIRE(bench.add_super(flow(10'000), 1000));
  REQUIRE(bench.add(build(flow(1000))));
  bench.transmit();
  CHECK(Faults::messages() == Messages{41});
  bench.check_heard();
}

TEST_CASE("datagram runs: more than one call's worth: headers, pieces and messages run out and go on") {
  SenderBench bench;
  const FaultScope scope;
  REQUIRE(bench.add_super(flow(3000), 1));  // 3000 headers of 54 octets, two pieces each
  CHECK(bench.transmit().sent == 3000);
  bench.check_heard();
  for (int i = 0; i < 3; ++i) {
    Wire wire = flow(20'000, true);
    wire.extensions = {0, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60};
    REQUIRE(bench.add_super(wire, 50));
  }
  CHECK(bench.transmit().sent == 1200);
  bench.check_heard();
}

TEST_CASE("datagram runs: a socket that fills up midway queues the rest, in order") {
  for (const int room : {0, 1, 2, 3, 5}) {
    CAPTURE(room);
    SenderBench bench;
    const FaultScope scope;
    Faults::leave_room(room);
    for (uint32_t i = 0; i < 10; ++i) REQUIRE(bench.add(pattern(100 + i % 3, i)));
    REQUIRE(bench.add_super(flow(20'000), 100));
    REQUIRE(bench.add_super(flow(1'000), 333));
    REQUIRE(bench.add(pattern(60, 99)));
    const TxResult result = bench.transmit();
    CHECK(result.queued > 0);
    CHECK(result.dropped == 0);
    CHECK(bench.host.interests.at(bench.out.get()) == EPOLLOUT);
    REQUIRE(bench.add(pattern(61, 100)));
    CHECK(bench.transmit().queued == 1);
    // Twice more it fills up while the queue is sent.
    for (const int more : {1, 2}) {
      Faults::leave_room(more);
      bench.sender.flush();
      bench.check_account();
      CHECK(bench.host.counters().queued.get() > 0);
    }
    Faults::leave_room(-1);
    bench.sender.flush();
    CHECK(bench.host.counters().queued.get() == 0);
    bench.check_account();
    bench.check_heard();
  }
}

TEST_CASE("datagram runs: offload=off, and a kernel without UDP_SEGMENT") {
  const FaultScope scope;
  Faults::record_options();
  SenderBench off(false);
  CHECK(off.note() == "off: as configured");
  Faults::refuse_option(IPPROTO_UDP, UDP_SEGMENT);
  SenderBench old;
  CHECK(old.note() == "off: the kernel has no UDP_SEGMENT");
  for (SenderBench* const bench : {&off, &old}) {
    Faults::record_options();
    for (uint32_t i = 0; i < 5; ++i) REQUIRE(bench->add(pattern(100, i)));
    REQUIRE(bench->add_super(flow(3'000), 1000));
    bench->transmit();
    CHECK(Faults::messages() == Messages(8, 1));
    bench->check_heard();
    CHECK(bench->host.counters().tx_super_frames.get() == 0);
    CHECK(bench->host.counters().offload_failures.get() == 0);
  }
}

TEST_CASE("datagram runs: refused for good: the same frames go one by one, counted and noted") {
  for (const int why : {EIO, EOPNOTSUPP, EINVAL}) {
    CAPTURE(why);
    const FaultScope scope;
    SenderBench bench;
    Faults::refuse_runs({.os_errno = why});
    for (uint32_t i = 0; i < 5; ++i) REQUIRE(bench.add(pattern(100 * (1 + i % 2), i)));
    REQUIRE(bench.add_super(flow(3'000), 1000));
    CHECK(bench.transmit().dropped == 0);
    bench.check_heard();
    CHECK(bench.note().starts_with("off: E"));
    CHECK(bench.host.counters().offload_failures.get() == 1);
    CHECK(bench.recovery.asked.empty());
    // Not tried again.
    for (uint32_t i = 0; i < 5; ++i) REQUIRE(bench.add(pattern(100, i)));
    bench.transmit();
    bench.check_heard();
    CHECK(bench.host.counters().offload_failures.get() == 1);
  }
}

TEST_CASE("datagram runs: a kernel that takes 64 frames at once") {
  const FaultScope scope;
  SenderBench bench;
  Faults::refuse_runs({.os_errno = EINVAL, .frames = 64});
  Faults::record_options();
  for (uint32_t i = 0; i < 128; ++i) REQUIRE(bench.add(pattern(100, i)));
  CHECK(bench.transmit().sent == 128);
  CHECK(Faults::messages() == Messages{64, 64});
  bench.check_heard();
  CHECK(bench.host.counters().offload_failures.get() == 1);
  CHECK(bench.note() == "udp segmentation, 64 frames at once: the kernel takes no more");
}

TEST_CASE("datagram runs: a route that carries less than told: shorter ones still go in runs") {
  const FaultScope scope;
  SenderBench bench;
  Faults::refuse_runs({.os_errno = EMSGSIZE, .length = 1000});
  for (uint32_t i = 0; i < 5; ++i) REQUIRE(bench.add(pattern(1200, i)));
  CHECK(bench.transmit().sent == 5);
  bench.check_heard();
  CHECK(bench.host.counters().offload_failures.get() == 1);
  CHECK(bench.note().starts_with("udp segmentation up to 1199 octets: EMSGSIZE"));
  Faults::record_options();
  for (uint32_t i = 0; i < 5; ++i) REQUIRE(bench.add(pattern(900, i)));
  bench.transmit();
  CHECK(Faults::messages() == Messages{5});
  bench.check_heard();
  // Another MTU: everything is tried again.
  Faults::end();
  bench.sender.set_unfragmented(9000);
  Faults::record_options();
  for (uint32_t i = 0; i < 5; ++i) REQUIRE(bench.add(pattern(1200, i)));
  bench.transmit();
  CHECK(Faults::messages() == Messages{5});
}

TEST_CASE("datagram runs: a fresh socket has all its abilities again") {
  for (const int why : {EIO, EMSGSIZE, EINVAL}) {
    CAPTURE(why);
    const FaultScope scope;
    SenderBench bench;
    const Fd fresh = loopback_socket();
    Faults::refuse_runs({.os_errno = why});
    for (uint32_t i = 0; i < 5; ++i) REQUIRE(bench.add(pattern(100, i)));
    bench.transmit();
    bench.check_heard();
    Faults::end();
    bench.recovery.answer = [&](int) {
      bench.sender.use(fresh.get(), &bench.to);
      return true;
    };
    Faults::fail_sendmmsg(ENETUNREACH, 1);
    REQUIRE(bench.add(pattern(100, 1)));
    CHECK(bench.transmit().sent == 1);
    bench.check_heard();
    Faults::record_options();
    for (uint32_t i = 0; i < 5; ++i) REQUIRE(bench.add(pattern(100, i)));
    bench.transmit();
    CHECK(Faults::messages() == Messages{5});
    CHECK(bench.note() == "udp segmentation");
    bench.check_heard();
  }
}

TEST_CASE("datagram runs: a socket that can't be mended is asked about once, however much there is to send") {
  const FaultScope scope;
  SenderBench bench;
  bench.recovery.answer = [](int) { return true; };
  Faults::fail_sendmmsg(ENETUNREACH, -1);
  for (int i = 0; i < 3; ++i) REQUIRE(bench.add_super(flow(3'000), 1));
  CHECK(bench.transmit().dropped == 9'000);
  CHECK(bench.recovery.asked.size() == 1);
  CHECK(bench.host.dropped(TxDrop::refused) == 9'000);
}

TEST_CASE("datagram runs: a SYN is clamped in a copy, sent or queued") {
  SenderBench bench;
  bench.sender.set_mss_limit({1400, 1380});
  Wire syn = {.flags = kSyn, .tcp_options = {2, 4, 0x05, 0xb4}};
  Wire clamped = syn;
  clamped.tcp_options = {2, 4, 0x05, 0x78};
  const FaultScope scope;
  for (const int room : {-1, 0}) {
    Faults::leave_room(room);
    REQUIRE(bench.add(build(syn)));
    REQUIRE(bench.add(build(flow(100))));
    bench.wire[bench.heard] = build(clamped);
    std::vector<uint16_t> picks = {0, 1};
    const TxResult result = bench.sender.transmit(bench.batch, picks);
    CHECK((room == 0 ? result.queued : result.sent) == 2);
    CHECK(copy(bench.batch.octets(0)) == build(syn));
    bench.batch.clear();
    bench.picked += 2;
    Faults::leave_room(-1);
    bench.sender.flush();
    bench.check_heard();
  }
  CHECK(bench.host.counters().mss_clamped.get() == 2);
}

TEST_CASE("datagram runs: any mixture, through a socket that is full and refused again and again") {
  const uint64_t seed = 44;
  Random random(seed);
  for (int turn = 0; turn < 60; ++turn) {
    INFO("seed ", seed, ", turn ", turn);
    const FaultScope scope;
    SenderBench bench;
    if (random.one_in(2)) bench.sender.set_unfragmented(500 + random.below(2000));
    for (int round = 0; round < 4; ++round) {
      if (random.one_in(2)) Faults::leave_room(static_cast<int>(random.below(12)));
      const int errnos[] = {0, EIO, EMSGSIZE, EINVAL, EOPNOTSUPP};
      if (random.one_in(3))
        Faults::refuse_runs({.os_errno = errnos[random.below(5)], .frames = 1 + random.below(70)});
      size_t length = 14 + random.below(1500);
      for (uint32_t n = random.below(40); n > 0; --n) {
        if (random.one_in(6)) {
          Wire wire = random_wire(random);
          wire.payload = pattern(2 + random.below(5'000), random.word());
          const auto least = static_cast<uint32_t>(wire.payload.size() / 40 + 1);
          const auto gso_size = static_cast<uint16_t>(least + random.below(1000));
          if (gso_size < wire.payload.size() && !bench.add_super(wire, gso_size)) break;
          continue;
        }
        if (random.one_in(4)) length = 14 + random.below(random.one_in(20) ? 60'000 : 1500);
        if (!bench.add(pattern(length, random.word()))) break;
      }
      bench.transmit();
      if (random.one_in(2)) bench.sender.flush();
      bench.check_account();
    }
    Faults::end();
    bench.sender.flush();
    CHECK(bench.host.counters().queued.get() == 0);
    if (bench.host.dropped(TxDrop::queue_full) != 0) continue;  // then some are missing, rightly
    bench.check_heard();
  }
}
