// DatagramReader over real UDP sockets on 127.0.0.1.
#include "engine/datagram_reader.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "engine/udp_socket.h"
#include "test/support/fake_host.h"
#include "test/support/random.h"
#include "test/support/sockets.h"

using namespace ethercast;
using namespace ethercast::test;

namespace {

struct Anybody final : SenderJudge {
  std::optional<RxDrop> judge(const SockAddr&) noexcept override { return std::nullopt; }
};

// One socket reads, one sends to it.
struct Pair {
  Fd in = loopback_socket(), out = loopback_socket();
  SockAddr to = local_address(in.get());
  FakeHost host;
  DatagramReader reader;
  Anybody anybody;

  explicit Pair(size_t batches = 8) : host(batches) { set_buffer(in.get(), SO_RCVBUF, 8 << 20); }

  void send(size_t length, uint32_t seed) { REQUIRE(send_to(out, to, pattern(length, seed))); }
  // Reads until `count` frames are in, or nothing comes any more.
  void read(size_t count) {
    while (host.frames.size() < count) {
      pollfd wanted{in.get(), POLLIN, 0};
      if (::poll(&wanted, 1, kPatience_ms) <= 0) return;
      reader.receive(in.get(), host, anybody);
    }
  }
};

}  // namespace

TEST_CASE("datagram reader: every size up to 3000, in order and whole") {
  Pair pair;
  uint32_t sent = 0;
  for (; sent <= 3000;) {
    for (int burst = 0; burst < 50 && sent <= 3000; ++burst, ++sent) pair.send(sent, sent);
    pair.read(sent);
  }
  REQUIRE(pair.host.frames.size() == 3001);
  for (uint32_t i = 0; i <= 3000; ++i) REQUIRE(pair.host.frames[i] == pattern(i, i));
  CHECK(pair.host.counters().rx_frames.get() == 3001);
  CHECK(pair.host.counters().rx_octets.get() == 3000 * 3001 / 2);
  CHECK(pair.host.counters().kernel_drops.get() == 0);
  CHECK(pair.host.pool().leased() == 0);
}

TEST_CASE("datagram reader: sizes up to the largest, in any order, none cut and none lost") {
  Pair pair;
  Random random(8);
  const size_t edges[] = {0,    1,    13,   14,   1514, 1983,  1984,  1985,  2047,  2048, 2049,
                          4032, 4033, 8000, 9014, 9216, 16000, 16384, 32768, 65506, 65507};
  std::vector<size_t> sizes;
  for (int round = 0; round < 60; ++round) {
    const size_t start = sizes.size();
    for (uint32_t n = 1 + random.below(20); n > 0; --n) {
      sizes.push_back(random.one_in(2) ? edges[random.below(std::size(edges))] : random.below(65508));
    }
    // Then an ordinary LAN for a while, so that slots are once wide and once narrow.
    if (random.one_in(3)) sizes.insert(sizes.end(), 40, 1514);
    for (size_t i = start; i < sizes.size(); ++i) pair.send(sizes[i], static_cast<uint32_t>(i));
    pair.read(sizes.size());
  }
  REQUIRE(pair.host.frames.size() == sizes.size());
  for (size_t i = 0; i < sizes.size(); ++i) {
    REQUIRE(pair.host.frames[i].size() == sizes[i]);
    REQUIRE(pair.host.frames[i] == pattern(sizes[i], static_cast<uint32_t>(i)));
  }
  CHECK(pair.host.counters().kernel_drops.get() == 0);
}

TEST_CASE("datagram reader: an ordinary LAN comes 128 frames a read") {
  Pair pair;
  for (uint32_t i = 0; i < 200; ++i) pair.send(1514, i);
  pair.read(200);
  CHECK(pair.host.batches == std::vector<uint16_t>{128, 72});
}

TEST_CASE("datagram reader: slots widen for jumbo frames, and shrink again some time after the last") {
  Pair pair;
  const auto burst = [&](size_t length, uint32_t count) {
    const size_t before = pair.host.frames.size();
    for (uint32_t i = 0; i < count; ++i) pair.send(length, i);
    pair.read(before + count);
    REQUIRE(pair.host.frames.size() == before + count);
  };
  burst(9000, 1);
  pair.host.batches.clear();
  burst(9000, 60);
  CHECK(*std::max_element(pair.host.batches.begin(), pair.host.batches.end()) ==
        25);  // 256 KiB in slots of 10 KiB
  // Each read is one breath; 300 of them without a long datagram.
  for (int i = 0; i < 600; ++i) burst(100, 1);
  pair.host.batches.clear();
  burst(100, 128);
  CHECK(pair.host.batches == std::vector<uint16_t>{128});
  burst(65507, 1);
  CHECK(pair.host.frames.back() == pattern(65507, 0));
}

TEST_CASE("datagram reader: an empty pool leaves the datagrams in the socket") {
  Pair pair(1);
  BatchPtr hog = pair.host.lease();
  pair.send(100, 1);
  pair.reader.receive(pair.in.get(), pair.host, pair.anybody);
  CHECK(pair.host.frames.empty());
  hog.reset();
  pair.read(1);
  CHECK(pair.host.frames.size() == 1);
}

TEST_CASE("datagram reader: a spill without a second batch is counted") {
  Pair pair(1);
  for (const size_t length : {100, 5000, 200}) pair.send(length, 1);
  pair.reader.receive(pair.in.get(), pair.host, pair.anybody);
  CHECK(pair.host.counters().rx_frames.get() == 3);
  // Those that fit lie in the first batch.
  CHECK(pair.host.dropped(RxDrop::no_batch) == 1);
  CHECK(pair.host.frames.size() == 2);
  pair.host.frames.clear();
  CHECK(pair.host.pool().leased() == 0);
  // The slots have become wide enough: from now on one batch does.
  for (const size_t length : {100, 5000, 200}) pair.send(length, 1);
  pair.read(3);
  CHECK(pair.host.frames.size() == 3);
}

TEST_CASE("datagram reader: who sent it decides, also for what spills over") {
  struct OnlyOne final : SenderJudge {
    SockAddr one;
    std::optional<RxDrop> judge(const SockAddr& sender) noexcept override {
      if (sender == one) return std::nullopt;
      return RxDrop::not_peer;
    }
  };
  Pair pair;
  const Fd stranger = loopback_socket();
  OnlyOne judge;
  judge.one = local_address(pair.out.get());
  for (const size_t length : {60, 5000}) {
    pair.send(length, 1);
    REQUIRE(send_to(stranger, pair.to, pattern(length, 2)));
    pair.send(length, 3);
    pair.reader.receive(pair.in.get(), pair.host, judge);
  }
  CHECK(pair.host.frames.size() == 4);
  CHECK(pair.host.frames[3] == pattern(5000, 3));
  CHECK(pair.host.dropped(RxDrop::not_peer) == 2);
  CHECK(pair.host.counters().rx_frames.get() == 6);
}

TEST_CASE("datagram reader: nothing to read, and a closed descriptor") {
  Pair pair;
  pair.reader.receive(pair.in.get(), pair.host, pair.anybody);
  pair.in.reset();
  pair.reader.receive(-1, pair.host, pair.anybody);
  CHECK(pair.host.frames.empty());
  CHECK(pair.host.counters().rx_frames.get() == 0);
  CHECK(pair.host.pool().leased() == 0);
}

TEST_CASE("datagram reader: what the kernel dropped is counted, also across a new socket") {
  Pair pair;
  // Small enough that a burst overflows it.
  const auto shrink = [](int fd) {
    const int octets = 4096;
    REQUIRE(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &octets, sizeof octets) == 0);
  };
  const auto drain = [&] {
    for (size_t before = ~size_t{0}; before != pair.host.frames.size();) {
      before = pair.host.frames.size();
      pair.reader.receive(pair.in.get(), pair.host, pair.anybody);
    }
  };
  shrink(pair.in.get());
  for (uint32_t i = 0; i < 200; ++i) pair.send(500, i);
  drain();
  const uint64_t first = pair.host.counters().kernel_drops.get();
  CHECK(first > 0);
  CHECK(pair.host.frames.size() + first == 200);

  // A port that opens its socket anew: that one's count starts at zero.
  pair.in = loopback_socket();
  pair.to = local_address(pair.in.get());
  pair.reader.use(pair.in.get(), pair.host, false);
  shrink(pair.in.get());
  pair.send(500, 0);
  drain();
  CHECK(pair.host.counters().kernel_drops.get() == first);
  for (uint32_t i = 0; i < 200; ++i) pair.send(500, i);
  drain();
  CHECK(pair.host.frames.size() + pair.host.counters().kernel_drops.get() == 401);
}
