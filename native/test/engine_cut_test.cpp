// Engine: super-frames and unfinished checksums on their way to ports that take them and ports that don't.
#include <doctest/doctest.h>

#include <functional>

#include "test/support/engine_box.h"
#include "test/support/packets.h"

using namespace ethercast;
using namespace ethercast::test;

namespace {

using Fill = std::function<void(FrameBatch&)>;

// Four ports: one gives what a test fills in, three get it.
struct CutBox {
  explicit CutBox(const std::vector<Caps>& egresses) {
    for (const Caps& caps : egresses) {
      out.push_back(std::make_shared<FakeState>(caps));
      ids.push_back(box.add(out.back()));
    }
    in = std::make_shared<FakeState>(Caps{.max_frame = 65535});
    ingress = box.add(in);
  }
  // Delivers one batch, and checks all accounts.
  void deliver(const Fill& fill) {
    in->on_ready = [&](PortHost& host, uint32_t) {
      in->bell.clear();
      const BatchPtr batch = host.lease();
      fill(*batch);
      for (const FrameMeta& meta : batch->metas()) host.counters().rx_frames.add(wire_frames(meta));
      host.deliver(*batch);
    };
    in->bell.ring_mt();
    box.settle(3);
    const auto counters = box.counters(ingress);
    uint64_t drops = 0;
    for (const Counter& each : counters->rx_drops) drops += each.get();
    CHECK(counters->rx_frames.get() == counters->forwarded.get() + drops);
    for (const PortId id : ids) {
      const auto egress = box.counters(id);
      drops = 0;
      for (const Counter& each : egress->tx_drops) drops += each.get();
      CHECK(egress->picked.get() == egress->tx_frames.get() + drops);
    }
  }

  EngineBox box;
  std::vector<std::shared_ptr<FakeState>> out;
  std::vector<PortId> ids;
  std::shared_ptr<FakeState> in;
  PortId ingress = kNoPort;
};

Wire broadcast(size_t payload) { return {.payload = pattern(payload, 1)}; }

constexpr Caps kPlain = {.max_frame = 65535};
constexpr Caps kTaking = {.max_frame = 65535, .takes = kTakesSuperFrames | kTakesChecksum};

}  // namespace

TEST_CASE(
    "engine cuts: a super-frame stays whole for who takes it, and comes as its frames to who does not") {
  CutBox box({kTaking, kPlain, kPlain});
  const Wire wire = broadcast(30'000);
  Octets whole;
  box.deliver([&](FrameBatch& batch) {
    REQUIRE(batch.append(pattern(60, 1), 1));
    batch.data(0)[6] &= 0xfe;
    REQUIRE(append_described(batch, wire, 1000));
    whole = copy(batch.octets(1));
    REQUIRE(batch.append(batch.octets(0), 1));
  });
  REQUIRE(box.out[0]->sent.size() == 3);
  CHECK(box.out[0]->sent[1] == whole);
  CHECK(box.out[0]->metas[1].gso_size == 1000);
  std::vector<Octets> want = build_cut(wire, 1000);
  want.insert(want.begin(), box.out[0]->sent[0]);
  want.push_back(box.out[0]->sent[2]);
  for (const int i : {1, 2}) CHECK(box.out[static_cast<size_t>(i)]->sent == want);
  for (const PortId id : box.ids) CHECK(box.box.counters(id)->picked.get() == 32);
  CHECK(box.box.counters(box.ingress)->forwarded.get() == 32);
}

TEST_CASE("engine cuts: more frames than a batch holds go in several, in order") {
  CutBox box({kPlain, kPlain});
  const Wire wire = broadcast(60'000);
  box.deliver([&](FrameBatch& batch) {
    for (int i = 0; i < 3; ++i) REQUIRE(append_described(batch, wire, 100));
  });
  auto want = build_cut(wire, 100);
  const auto once = want;
  for (int i = 0; i < 2; ++i) want.insert(want.end(), once.begin(), once.end());
  for (const auto& out : box.out) {
    CHECK(out->sent == want);
    CHECK(out->picked.size() == 15);
  }
}

TEST_CASE("engine cuts: a port that takes one kind alone is cut for where another kind is in the batch") {
  CutBox box(
      {{.max_frame = 65535, .takes = kTakesTcp4}, {.max_frame = 65535, .takes = kTakesTcp4 | kTakesTcp6}});
  Wire six = broadcast(3'000);
  six.v6 = true;
  box.deliver([&](FrameBatch& batch) { REQUIRE(append_described(batch, broadcast(3'000), 1000)); });
  CHECK(box.out[0]->sent.size() == 1);
  box.deliver([&](FrameBatch& batch) { REQUIRE(append_described(batch, six, 1000)); });
  CHECK(box.out[0]->sent.size() == 4);
  CHECK(box.out[1]->sent.size() == 2);
}

TEST_CASE("engine cuts: an unfinished checksum is left alone if all take that, else finished for all") {
  const Wire wire = broadcast(500);
  const Built unfinished = build_parts(wire, false);
  {
    CutBox box({kTaking, {.max_frame = 65535, .takes = kTakesChecksum}});
    box.deliver([&](FrameBatch& batch) {
      REQUIRE(append_described(batch, wire, 0));
      // One of the two does not take this: it is cut, and the other frame is still left alone.
      REQUIRE(append_described(batch, wire, 100));
    });
    for (const auto& out : box.out) {
      CHECK(out->sent[0] == unfinished.frame);
      CHECK((out->metas[0].flags & kChecksumUnfinished) != 0);
    }
    CHECK(box.out[0]->sent.size() == 2);
    CHECK(box.out[1]->sent.size() == 6);
  }
  CutBox box({kTaking, kPlain});
  box.deliver([&](FrameBatch& batch) {
    REQUIRE(append_described(batch, wire, 0));
    REQUIRE(append_described(batch, wire, 100));
  });
  for (const auto& out : box.out) {
    CHECK(out->sent[0] == build(wire));
    CHECK((out->metas[0].flags & kChecksumUnfinished) == 0);
  }
  CHECK((box.out[0]->metas[1].flags & kChecksumUnfinished) != 0);  // the super-frame is as it was
}

TEST_CASE("engine cuts: read_only, oversize and runts count wire frames") {
  CutBox box({{.max_frame = 1000, .takes = kTakesSuperFrames},
              {.max_frame = 1000},
              {.max_frame = 65535, .read_only = true},
              {.max_frame = 65535, .takes = kTakesSuperFrames, .read_only = true}});
  box.deliver([&](FrameBatch& batch) {
    REQUIRE(append_described(batch, broadcast(20'000), 1000));  // 1054 octets each
    REQUIRE(append_described(batch, broadcast(20'000), 900));
  });
  CHECK(box.box.dropped(box.ids[0], TxDrop::oversize) == 20);
  CHECK(box.box.dropped(box.ids[1], TxDrop::oversize) == 20);
  CHECK(box.out[0]->sent.size() == 1);
  CHECK(box.out[1]->sent.size() == 23);
  for (const size_t i : {2, 3}) CHECK(box.box.dropped(box.ids[i], TxDrop::read_only) == 43);
}

TEST_CASE("engine cuts: 65,000 frames from one") {
  CutBox box({kPlain});
  box.out[0]->keep_sent = false;
  box.deliver([&](FrameBatch& batch) { REQUIRE(append_described(batch, broadcast(65'000), 1)); });
  CHECK(box.out[0]->transmitted.load() == 65'000);
  CHECK(box.out[0]->picked.size() == 508);
}
