// Engine, breathing by hand, with fake ports.
#include <doctest/doctest.h>

#include "test/support/engine_box.h"

using namespace ethercast;
using namespace ethercast::test;

namespace {
std::shared_ptr<FakeState> fake(Caps caps = {}) { return std::make_shared<FakeState>(caps); }
}  // namespace

TEST_CASE("engine: carries frames from port to port") {
  EngineBox box;
  const auto a = fake(), b = fake(), c = fake();
  const PortId port_a = box.add(a), port_b = box.add(b);
  box.add(c);
  const Octets hello = make_frame(kBroadcastMac, station(1)), answer = make_frame(station(1), station(2), 99);
  a->give(hello);
  box.settle();
  CHECK(b->sent == std::vector<Octets>{hello});
  CHECK(c->sent == std::vector<Octets>{hello});
  b->give(answer);
  box.settle();
  CHECK(a->sent == std::vector<Octets>{answer});
  CHECK(c->sent.size() == 1);
  CHECK(box.counters(port_a)->rx_frames.get() == 1);
  CHECK(box.counters(port_a)->picked.get() == 1);
  CHECK(box.counters(port_b)->forwarded.get() == 1);
}

TEST_CASE("engine: a port that refuses to open is closed, told of, and gone") {
  EngineBox box;
  const auto refusing = fake();
  refusing->refuse_open = true;
  CHECK(box.add(refusing) == kNoPort);
  CHECK(refusing->closed == 1);
  CHECK(refusing->destroyed == 1);
  const auto failed = box.recorder.failed();
  REQUIRE(failed.size() == 1);
  CHECK(failed[0].first == 1);
  CHECK(failed[0].second.message == "told to refuse");
  CHECK(box.engine.fabric().port_count() == 0);
  refusing->bell.ring_mt();
  box.settle();
  CHECK(refusing->ready == 0);
}

TEST_CASE("engine: ids start at 1 and are not used twice") {
  EngineBox box;
  CHECK(box.add(fake()) == 1);
  CHECK(box.add(fake()) == 2);
  box.engine.remove_port(1);
  box.engine.remove_port(2);
  CHECK(box.add(fake()) == 3);
  CHECK(box.recorder.closed() == std::vector<PortId>{1, 2});
  box.engine.remove_port(77);  // nobody: nothing happens
}

TEST_CASE("engine: a removed port is closed once, and hears nothing more") {
  EngineBox box;
  const auto a = fake(), b = fake();
  const PortId port = box.add(a);
  box.add(b);
  box.engine.remove_port(port);
  CHECK(a->closed == 1);
  CHECK(a->destroyed == 1);
  a->bell.ring_mt();
  b->give(make_frame(kBroadcastMac, station(2)));
  box.settle();
  CHECK(a->ready == 0);
  CHECK(a->sent.empty());
  box.engine.remove_port(port);
  CHECK(box.recorder.closed() == std::vector<PortId>{port});
}

TEST_CASE("engine: a port that reports its end is not called again, and closed after the breath") {
  EngineBox box;
  const auto a = fake(), b = fake();
  const PortId port = box.add(a);
  box.add(b);
  a->on_ready = [&](PortHost& host, uint32_t) {
    host.report({PortState::closed, "peer", "the other end hung up", 0});
  };
  a->bell.ring_mt();
  CHECK(box.breathe_until([&] { return a->closed == 1; }));
  CHECK(a->ready == 1);
  CHECK(a->destroyed == 1);
  const auto events = box.recorder.events();
  REQUIRE(events.size() == 1);
  CHECK(events[0].first == port);
  CHECK(events[0].second.state == PortState::closed);
  CHECK(box.recorder.closed() == std::vector<PortId>{port});
  box.settle();
  CHECK(a->ready == 1);
}

TEST_CASE("engine: a port that ends while it opens") {
  EngineBox box;
  const auto a = fake();
  a->on_open = [](PortHost& host) { host.report({PortState::closed, "peer", "", 0}); };
  const PortId port = box.add(a);
  CHECK(port == 1);
  box.engine.breathe(0);
  CHECK(a->closed == 1);
  CHECK(box.engine.fabric().port_count() == 0);
  const auto b = fake();
  b->on_open = a->on_open;
  b->refuse_open = true;
  CHECK(box.add(b) == kNoPort);
  box.engine.breathe(0);
  CHECK(b->closed == 1);
}

TEST_CASE("engine: timers run when due, once for each wish, and the newest wish counts") {
  EngineBox box;
  const auto a = fake();
  std::vector<uint64_t> rang;
  a->on_timer = [&](PortHost&, uint64_t now_ns) { rang.push_back(now_ns); };
  box.add(a);
  const uint64_t start = monotonic_ns();
  a->host->arm(start + 10'000 * kNsPerMs);
  a->host->arm(start + 20 * kNsPerMs);
  box.engine.breathe(0);
  CHECK(rang.empty());
  REQUIRE(box.breathe_until([&] { return !rang.empty(); }));
  CHECK(rang[0] >= start + 20 * kNsPerMs);
  CHECK(monotonic_ns() - start < 2000 * kNsPerMs);
  box.settle(5);
  CHECK(rang.size() == 1);
  a->host->arm(1);
  a->host->arm(0);  // no timer after all
  box.settle(5);
  CHECK(rang.size() == 1);
}

TEST_CASE("engine: a timer that is always due does not keep others from working") {
  EngineBox box;
  const auto a = fake(), b = fake();
  int rang = 0;
  a->on_timer = [&](PortHost& host, uint64_t now_ns) {
    ++rang;
    host.arm(now_ns);
  };
  box.add(a);
  box.add(b);
  a->host->arm(1);
  b->give(make_frame(kBroadcastMac, station(1)));
  for (int i = 0; i < 10; ++i) box.engine.breathe(0);
  CHECK(rang == 10);
  CHECK(a->sent.size() == 1);
}

TEST_CASE("engine: a listener's clients are ports of their own, and close with it") {
  EngineBox box;
  const auto other = fake(), parent = fake(Caps{.listener = true}), first = fake(), second = fake(),
             refused = fake();
  refused->refuse_open = true;
  Result<> refusal;
  parent->on_ready = [&](PortHost& host, uint32_t) {
    parent->bell.clear();
    CHECK(host.adopt(std::make_unique<FakePort>(first), "first").ok());
    refusal = host.adopt(std::make_unique<FakePort>(refused), "refused");
    host.arm(1);
  };
  parent->on_timer = [&](PortHost& host, uint64_t) {
    CHECK(host.adopt(std::make_unique<FakePort>(second), "second").ok());
  };
  box.add(other);
  const PortId port = box.add(parent, "parent");
  parent->bell.ring_mt();
  REQUIRE(box.breathe_until([&] { return second->opened == 1; }));
  CHECK(box.recorder.opened_count() == 4);
  CHECK(box.recorder.opened(0).parent == port);
  CHECK(box.recorder.failed().empty());
  CHECK(refusal.error().code == Errc::unsupported);
  CHECK(refused->destroyed == 1);
  // The listener itself takes part in nothing.
  CHECK(box.engine.fabric().port_count() == 3);
  first->give(make_frame(kBroadcastMac, station(1)));
  box.settle();
  CHECK(parent->sent.empty());
  CHECK(other->sent.size() == 1);
  CHECK(second->sent.size() == 1);
  box.engine.remove_port(port);
  CHECK(first->closed == 1);
  CHECK(second->closed == 1);
  CHECK(other->closed == 0);
  CHECK(box.engine.fabric().port_count() == 1);
}

TEST_CASE("engine: a port that opens without its peer says so once it is known") {
  EngineBox box;
  const auto port = fake();
  port->on_open = [](PortHost& host) { host.report({PortState::opening, "peer", "nobody there yet", 0}); };
  const PortId id = box.add(port);
  CHECK(box.recorder.opened(1).state == PortState::opening);
  REQUIRE(box.recorder.events().size() == 1);
  CHECK(box.recorder.events()[0].first == id);
  CHECK(box.recorder.events()[0].second.state == PortState::opening);
  port->host->report({PortState::up, "peer", "", 0});
  CHECK(box.recorder.events().back().second.state == PortState::up);
  CHECK(std::string(port_state_name(PortState::opening)) == "opening");
  CHECK(std::string(port_state_name(PortState::reconnecting)) == "reconnecting");
}

TEST_CASE("engine: fairness, one batch a port and breath") {
  EngineBox box;
  const auto a = fake(), b = fake(), out = fake();
  box.add(a);
  box.add(b);
  box.add(out);
  for (uint32_t i = 0; i < 1000; ++i) a->give(make_frame(station(99), station(1), 60, i));
  b->give(make_frame(station(99), station(2)));
  box.engine.breathe(0);
  CHECK(a->ready == 1);
  CHECK(b->ready == 1);
  CHECK(a->taken == FrameBatch::kMaxFrames);
  CHECK(out->sent.size() == FrameBatch::kMaxFrames + 1u);
  int breaths = 1;
  while (a->taken < 1000 && breaths < 100) box.engine.breathe(0), ++breaths;
  CHECK(breaths == 8);
  REQUIRE(out->sent.size() == 1001);
  uint32_t next = 0;
  for (const Octets& frame : out->sent) {
    if (source_mac(frame.data()) == station(2)) continue;
    CHECK(frame == make_frame(station(99), station(1), 60, next++));
  }
}

TEST_CASE("engine: a port that takes nothing does not starve the others") {
  EngineBox box;
  const auto deaf = fake(), a = fake(), b = fake();
  deaf->on_ready = [](PortHost&, uint32_t) {};  // stays readable for ever
  box.add(deaf);
  box.add(a);
  box.add(b);
  deaf->bell.ring_mt();
  for (uint32_t i = 0; i < 300; ++i) a->give(make_frame(kBroadcastMac, station(1), 60, i));
  for (int i = 0; i < 10; ++i) box.engine.breathe(0);
  CHECK(b->sent.size() == 300);
}

TEST_CASE("engine: what a read-only port is picked for is counted, not sent") {
  EngineBox box;
  const auto listener = fake({.read_only = true}), a = fake();
  const PortId port = box.add(listener);
  box.add(a);
  a->give(make_frame(kBroadcastMac, station(1)));
  box.settle();
  CHECK(listener->sent.empty());
  CHECK(box.counters(port)->picked.get() == 1);
  CHECK(box.dropped(port, TxDrop::read_only) == 1);
  listener->give(make_frame(kBroadcastMac, station(2)));
  box.settle();
  CHECK(a->sent.size() == 1);
}

TEST_CASE("engine: frames too long for an egress are dropped there, and reach the others") {
  EngineBox box;
  const auto jumbo = fake({.max_frame = 9014}), small = fake({.max_frame = 1514}),
             big = fake({.max_frame = 9014});
  box.add(jumbo);
  const PortId port = box.add(small);
  box.add(big);
  jumbo->give(make_frame(kBroadcastMac, station(1), 1515));
  jumbo->give(make_frame(kBroadcastMac, station(1), 1514));
  jumbo->give(make_frame(kBroadcastMac, station(1), 9014));
  box.settle();
  CHECK(big->sent.size() == 3);
  REQUIRE(small->sent.size() == 1);
  CHECK(small->sent[0].size() == 1514);
  CHECK(box.dropped(port, TxDrop::oversize) == 2);
  CHECK(box.counters(port)->picked.get() == 3);
}

TEST_CASE("engine: an empty pool makes ports wait, and nothing is lost") {
  EngineBox box;
  const auto hog = fake(), a = fake(), b = fake();
  std::vector<BatchPtr> held;
  hog->on_ready = [&](PortHost& host, uint32_t) {
    hog->bell.clear();
    while (BatchPtr batch = host.lease()) held.push_back(std::move(batch));
  };
  box.add(hog);
  box.add(a);
  box.add(b);
  hog->bell.ring_mt();
  box.engine.breathe(0);
  CHECK(held.size() == BatchPool::kDefaultLimit);
  a->give(make_frame(kBroadcastMac, station(1)));
  for (int i = 0; i < 5; ++i) box.engine.breathe(0);
  CHECK(b->sent.empty());
  held.clear();
  box.settle();
  CHECK(b->sent.size() == 1);
}

TEST_CASE("engine: a loop is told of with a name and an address, and again when the block is over") {
  EngineBox box;
  const auto a = fake(), b = fake();
  box.add(a, "mcast a");
  const PortId later = box.add(b, "mcast b");
  for (int i = 0; i < 17; ++i) {
    (i % 2 == 0 ? a : b)->give(make_frame(kBroadcastMac, station(0xabcdef)));
    box.engine.breathe(100);
  }
  const auto events = box.recorder.events();
  REQUIRE(events.size() == 1);
  CHECK(events[0].first == later);
  CHECK(events[0].second.state == PortState::blocked);
  CHECK(events[0].second.reason == "loop");
  CHECK(events[0].second.message ==
        "a forwarding loop: fe:fd:00:ab:cd:ef alternates between this port and mcast a; blocked for 30 s");
}

TEST_CASE("engine: the least path MTU of all ports is told to all, when it changes and to who comes later") {
  EngineBox box;
  const auto a = fake(), b = fake(), tap = fake();
  b->on_open = [](PortHost& host) { host.tell_path_mtu(1458); };
  box.add(a);
  box.add(tap);
  CHECK(tap->lan_mtus == std::vector<uint32_t>{0});
  a->host->tell_path_mtu(8958);
  const PortId narrow = box.add(b);
  a->host->tell_path_mtu(8900);  // is not the least
  CHECK(tap->lan_mtus == std::vector<uint32_t>{0, 8958, 1458});
  CHECK(b->lan_mtus.back() == 1458);
  b->host->tell_path_mtu(1438);
  box.engine.remove_port(narrow);
  a->host->tell_path_mtu(0);
  CHECK(tap->lan_mtus == std::vector<uint32_t>{0, 8958, 1458, 1438, 8900, 0});
}

TEST_CASE("engine: commands run in order, in a breath") {
  EngineBox box;
  std::vector<int> order;
  for (int i = 0; i < 5; ++i) CHECK(box.engine.post_mt([&order, i](Engine&) { order.push_back(i); }));
  CHECK(order.empty());
  box.engine.breathe(0);
  CHECK(order == std::vector<int>{0, 1, 2, 3, 4});
}

TEST_CASE("engine: what was posted before the stop is run, what comes after is refused") {
  EngineBox box;
  const auto a = fake();
  box.add(a);
  int ran = 0;
  CHECK(box.engine.post_mt([&](Engine&) { ++ran; }));
  box.engine.stop_mt();
  CHECK(ran == 1);
  CHECK_FALSE(box.engine.post_mt([&](Engine&) { ++ran; }));
  CHECK(ran == 1);
  CHECK(a->closed == 1);
  CHECK(a->destroyed == 1);
  box.engine.stop_mt();  // idempotent
  CHECK(box.recorder.closed().size() == 1);
}

TEST_CASE("engine: an interest can be changed, and a port may watch many descriptors") {
  EngineBox box;
  const auto a = fake();
  Wake second;
  REQUIRE(second.open().ok());
  box.add(a);
  REQUIRE(a->host->watch(second.fd(), EPOLLIN).ok());
  a->on_ready = [&](PortHost& host, uint32_t events) {
    if ((events & EPOLLOUT) != 0) {
      host.unwatch(second.fd());
    } else {
      second.clear();
      CHECK(host.watch(second.fd(), EPOLLOUT).ok());
    }
  };
  second.ring_mt();
  box.settle();
  CHECK(a->ready == 2);
  CHECK_FALSE(a->host->watch(-1, EPOLLIN).ok());
}
