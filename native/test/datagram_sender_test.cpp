// DatagramSender: over UDP on 127.0.0.1, and over AF_UNIX datagrams, which are refused when the reader is
// behind, as UDP on loopback never is.
#include "engine/datagram_sender.h"

#include <doctest/doctest.h>
#include <sys/epoll.h>

#include <functional>

#include "test/support/fake_host.h"
#include "test/support/faults.h"
#include "test/support/sender_bench.h"
#include "test/support/sockets.h"

using namespace ethercast;
using namespace ethercast::test;

namespace {

struct Batch {
  FrameBatch frames;
  std::vector<uint16_t> picks;
  void add(const Octets& frame) {
    REQUIRE(frames.append(frame, 0));
    picks.push_back(static_cast<uint16_t>(picks.size()));
  }
};

struct Bench {
  FakeHost host;
  Recovery recovery;
  DatagramSender sender{host, recovery, true};
  uint32_t next = 0;

  // The next `count` frames of a numbered run.
  TxResult send(uint32_t count, size_t length = 1000) {
    Batch batch;
    for (uint32_t i = 0; i < count; ++i) batch.add(pattern(length, next++));
    const TxResult result = sender.transmit(batch.frames, batch.picks);
    CHECK(result.sent + result.queued + result.dropped == count);
    picked += count;
    return result;
  }
  // picked = tx + drops + queued
  void check_account() {
    const PortCounters& counters = host.counters();
    uint64_t drops = 0;
    for (const Counter& each : counters.tx_drops) drops += each.get();
    CHECK(picked == counters.tx_frames.get() + drops + counters.queued.get());
  }
  uint64_t picked = 0;
};

// A pair of which our end is soon full.
struct UnixPair {
  Fd ours, theirs;
  UnixPair() {
    int fds[2] = {-1, -1};
    REQUIRE(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
    ours.reset(fds[0]);
    theirs.reset(fds[1]);
    const int octets = 20'000;
    REQUIRE(setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &octets, sizeof octets) == 0);
  }
};

}  // namespace

TEST_CASE("datagram sender: frames leave in order, to a destination or over a connected socket") {
  Bench bench;
  const Fd in = loopback_socket(), out = loopback_socket();
  const SockAddr to = local_address(in.get());
  bench.sender.use(out.get(), &to);
  CHECK(bench.send(50).sent == 50);
  for (uint32_t i = 0; i < 50; ++i) REQUIRE(receive(in.get()) == pattern(1000, i));
  REQUIRE(::connect(out.get(), &to.any, to.length) == 0);
  bench.sender.use(out.get(), nullptr);
  CHECK(bench.send(50).sent == 50);
  for (uint32_t i = 50; i < 100; ++i) REQUIRE(receive(in.get()) == pattern(1000, i));
  CHECK(bench.host.counters().tx_frames.get() == 100);
  CHECK(bench.host.counters().tx_octets.get() == 100'000);
  bench.check_account();
}

TEST_CASE("datagram sender: only what is picked, and in that order") {
  Bench bench;
  const Fd in = loopback_socket(), out = loopback_socket();
  const SockAddr to = local_address(in.get());
  bench.sender.use(out.get(), &to);
  Batch batch;
  for (uint32_t i = 0; i < 10; ++i) batch.add(pattern(100, i));
  const uint16_t picks[] = {1, 4, 9};
  CHECK(bench.sender.transmit(batch.frames, picks).sent == 3);
  for (const uint32_t i : picks) CHECK(receive(in.get()) == pattern(100, i));
  CHECK_FALSE(receive(in.get(), 0));
}

TEST_CASE("datagram sender: too long for a datagram is dropped, and the rest goes on") {
  Bench bench;
  const Fd in = loopback_socket(), out = loopback_socket();
  const SockAddr to = local_address(in.get());
  bench.sender.use(out.get(), &to);
  Batch batch;
  batch.add(pattern(100, 1));
  batch.add(pattern(65508, 2));
  batch.add(pattern(65507, 3));
  const TxResult result = bench.sender.transmit(batch.frames, batch.picks);
  CHECK(result.sent == 2);
  CHECK(result.dropped == 1);
  CHECK(bench.host.dropped(TxDrop::oversize) == 1);
  CHECK(bench.host.counters().last_errno.get() == EMSGSIZE);
  CHECK(receive(in.get()) == pattern(100, 1));
  CHECK(receive(in.get()) == pattern(65507, 3));
}

TEST_CASE("datagram sender: counts what the network has to fragment") {
  Bench bench;
  const Fd in = loopback_socket(), out = loopback_socket();
  const SockAddr to = local_address(in.get());
  bench.sender.use(out.get(), &to);
  bench.sender.set_unfragmented(1472);
  Batch batch;
  for (const size_t length : {1472, 1473, 1514, 60}) batch.add(pattern(length, 1));
  bench.sender.transmit(batch.frames, batch.picks);
  CHECK(bench.host.counters().fragmented.get() == 2);
}

TEST_CASE("datagram sender: behind a full socket frames wait, in order, and leave when there is room") {
  Bench bench;
  const UnixPair pair;
  bench.sender.use(pair.ours.get(), nullptr);
  const TxResult first = bench.send(100);
  CHECK(first.sent > 0);
  CHECK(first.queued == 100 - first.sent);
  CHECK(bench.host.counters().queued.get() == first.queued);
  CHECK(bench.host.interests.at(pair.ours.get()) == EPOLLOUT);
  // What comes later waits behind, also when there would be room now.
  CHECK(receive(pair.theirs.get()) == pattern(1000, 0));
  CHECK(bench.send(10).queued == 10);
  bench.check_account();

  uint32_t expected = 1;
  while (expected < 110) {
    if (const auto frame = receive(pair.theirs.get(), 0)) {
      REQUIRE(*frame == pattern(1000, expected++));
      continue;
    }
    REQUIRE(bench.host.wait(kPatience_ms).size() == 1);  // writable, says the poller
    bench.sender.flush();
  }
  bench.sender.flush();
  CHECK(bench.host.counters().queued.get() == 0);
  CHECK(bench.host.interests.empty());  // no longer watched: it would be ready for ever
  CHECK(bench.host.counters().tx_frames.get() == 110);
  bench.check_account();
  CHECK(bench.send(1).sent == 1);
}

TEST_CASE("datagram sender: keeps watching for what the port itself wants") {
  Bench bench;
  const UnixPair pair;
  REQUIRE(bench.host.watch(pair.ours.get(), EPOLLIN).ok());
  bench.sender.use(pair.ours.get(), nullptr, EPOLLIN);
  REQUIRE(bench.send(50).queued > 0);
  CHECK(bench.host.interests.at(pair.ours.get()) == (EPOLLIN | EPOLLOUT));
  while (bench.host.counters().queued.get() != 0) {
    while (receive(pair.theirs.get(), 0)) continue;
    bench.sender.flush();
  }
  CHECK(bench.host.interests.at(pair.ours.get()) == EPOLLIN);
}

TEST_CASE("datagram sender: the queue is bounded, and what does not fit is counted") {
  Bench bench;
  const UnixPair pair;
  bench.sender.use(pair.ours.get(), nullptr);
  for (int i = 0; i < 20; ++i) bench.send(100);
  const uint64_t queued = bench.host.counters().queued.get();
  CHECK(queued > 900);
  CHECK(queued < 1100);
  CHECK(bench.host.dropped(TxDrop::queue_full) > 800);
  bench.check_account();
  bench.sender.close();
  CHECK(bench.host.dropped(TxDrop::closed) == queued);
  CHECK(bench.host.counters().queued.get() == 0);
  bench.check_account();
}

TEST_CASE("datagram sender: no socket at all is asked about once a call, then dropped and counted") {
  Bench bench;
  CHECK(bench.send(5).dropped == 5);
  CHECK(bench.host.dropped(TxDrop::refused) == 5);
  CHECK(bench.host.counters().last_errno.get() == ENOTCONN);
  bench.check_account();
}

TEST_CASE("datagram sender: a mended socket sends the same frame again") {
  const FaultScope scope;
  Bench bench;
  const Fd in = loopback_socket(), dead = loopback_socket(), fresh = loopback_socket();
  const SockAddr to = local_address(in.get());
  bench.sender.use(dead.get(), &to);
  bench.recovery.answer = [&](int) {
    bench.sender.use(fresh.get(), &to);
    return true;
  };
  Faults::fail_sendmmsg(ENETUNREACH, 1);
  CHECK(bench.send(3).sent == 3);
  CHECK(bench.recovery.asked == std::vector<int>{ENETUNREACH});
  for (uint32_t i = 0; i < 3; ++i) CHECK(receive(in.get()) == pattern(1000, i));

  // One that does not get better is not mended again and again.
  Faults::fail_sendmmsg(ENETUNREACH, -1);
  CHECK(bench.send(50).dropped == 50);
  CHECK(bench.recovery.asked.size() == 2);
  CHECK(bench.host.dropped(TxDrop::refused) == 50);
  bench.check_account();
}

TEST_CASE("datagram sender: an interrupted call is repeated") {
  const FaultScope scope;
  Bench bench;
  const Fd in = loopback_socket(), out = loopback_socket();
  const SockAddr to = local_address(in.get());
  bench.sender.use(out.get(), &to);
  Faults::fail_sendmmsg(EINTR, 3);
  CHECK(bench.send(2).sent == 2);
  CHECK(bench.recovery.asked.empty());
}

// A full queue of the device makes no descriptor ready, so a timer asks again. Under steady traffic the
// deadline must not move on with each batch: it would never come.
TEST_CASE("datagram sender: a full device is tried again soon, however much traffic there is") {
  const FaultScope scope;
  Bench bench;
  const Fd in = loopback_socket(), out = loopback_socket();
  const SockAddr to = local_address(in.get());
  bench.sender.use(out.get(), &to);
  Faults::fail_sendmmsg(ENOBUFS, -1);
  const uint64_t start = bench.host.now;
  for (int i = 0; i < 20; ++i) {
    CHECK(bench.send(2).queued == 2);
    bench.host.now += DatagramSender::kRetryAfter_ns / 4;
    REQUIRE(bench.host.deadline == start + DatagramSender::kRetryAfter_ns);
  }
  CHECK(bench.host.interests.empty());
  // Tried again and still full: the next deadline.
  bench.sender.flush();
  CHECK(bench.host.deadline == bench.host.now + DatagramSender::kRetryAfter_ns);
  Faults::end();
  bench.sender.flush();
  for (uint32_t i = 0; i < 40; ++i) REQUIRE(receive(in.get()) == pattern(1000, i));
  bench.check_account();
}

TEST_CASE("datagram sender: closed while it waits for the device, it waits anew on its next socket") {
  const FaultScope faults;
  Bench bench;
  const Fd in = loopback_socket(), out = loopback_socket();
  const SockAddr to = local_address(in.get());
  bench.sender.use(out.get(), &to);
  Faults::fail_sendmmsg(ENOBUFS, -1);
  CHECK(bench.send(1).queued == 1);
  bench.sender.close(TxDrop::no_peer);
  bench.host.deadline = 0;  // the port has another wish meanwhile
  bench.sender.use(out.get(), &to);
  CHECK(bench.send(1).queued == 1);
  CHECK(bench.host.deadline == bench.host.now + DatagramSender::kRetryAfter_ns);
  bench.check_account();
}
