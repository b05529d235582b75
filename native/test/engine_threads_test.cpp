// Engine with its thread: starting, stopping, posting from several threads under traffic.
#include <doctest/doctest.h>

#include <thread>

#include "test/support/engine_box.h"

using namespace ethercast;
using namespace ethercast::test;

namespace {

bool eventually(const std::function<bool()>& done) {
  for (int i = 0; i < kPatience_ms; ++i) {
    if (done()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

// Delivers a batch of frames each time it is asked, for ever.
std::shared_ptr<FakeState> fountain(uint32_t number, std::shared_ptr<std::atomic<uint64_t>> given) {
  const auto state = std::make_shared<FakeState>();
  state->keep_sent = false;
  const Octets frame = make_frame(kBroadcastMac, station(number));
  state->on_ready = [frame, given](PortHost& host, uint32_t) {
    BatchPtr batch = host.lease();
    if (!batch) return;
    for (int i = 0; i < 32; ++i) batch->append(std::span<const uint8_t>(frame), host.wall_ns());
    *given += batch->size();
    host.counters().rx_frames.add(batch->size());
    host.deliver(*batch);
  };
  return state;
}

}  // namespace

TEST_CASE("engine threads: start and stop, 200 times, with a port each") {
  for (int i = 0; i < 200; ++i) {
    Recorder recorder;
    Engine engine({}, recorder);
    REQUIRE(engine.open().ok());
    REQUIRE(engine.start().ok());
    const auto state = std::make_shared<FakeState>();
    REQUIRE(
        engine.post_mt([state](Engine& on) { on.add_port(1, std::make_unique<FakePort>(state), "fake"); }));
    if (i % 4 != 0) REQUIRE(eventually([&] { return recorder.opened_count() == 1; }));
    engine.stop_mt();
    // Also when nobody waited for the port: the command was accepted, so it was run.
    CHECK(state->opened == 1);
    CHECK(state->closed == 1);
    CHECK(state->destroyed == 1);
    CHECK_FALSE(engine.post_mt([](Engine&) {}));
  }
}

TEST_CASE("engine threads: stopped by the destructor, and without ever having been opened") {
  Recorder recorder;
  { const Engine never_opened({}, recorder); }
  const auto state = std::make_shared<FakeState>();
  {
    Engine engine({}, recorder);
    REQUIRE(engine.open().ok());
    REQUIRE(engine.start().ok());
    engine.post_mt([state](Engine& on) { on.add_port(1, std::make_unique<FakePort>(state), "fake"); });
  }
  CHECK(state->destroyed == 1);
}

TEST_CASE("engine threads: an idle engine sleeps") {
  Recorder recorder;
  Engine engine({}, recorder);
  REQUIRE(engine.open().ok());
  REQUIRE(engine.start().ok());
  const auto state = std::make_shared<FakeState>();
  engine.post_mt([state](Engine& on) { on.add_port(1, std::make_unique<FakePort>(state), "fake"); });
  REQUIRE(eventually([&] { return recorder.opened_count() == 1; }));
  const uint64_t before = read_clock_ns(CLOCK_PROCESS_CPUTIME_ID);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  CHECK(read_clock_ns(CLOCK_PROCESS_CPUTIME_ID) - before < 50 * kNsPerMs);
  engine.stop_mt();
}

TEST_CASE("engine threads: traffic, posting from three threads, reading counters, and a stop in the middle") {
  for (int round = 0; round < 5; ++round) {
    Recorder recorder;
    Engine engine({.forwarding = Forwarding::hub}, recorder);
    REQUIRE(engine.open().ok());
    REQUIRE(engine.start().ok());
    const auto given = std::make_shared<std::atomic<uint64_t>>(0);
    std::vector<std::shared_ptr<FakeState>> states;
    for (uint32_t i = 0; i < 3; ++i) {
      states.push_back(fountain(i, given));
      engine.post_mt([state = states.back(), i](Engine& on) {
        on.add_port(i + 1, std::make_unique<FakePort>(state), "fountain");
      });
    }
    REQUIRE(eventually([&] { return recorder.opened_count() == 3; }));
    // Not before: what is given while a port is alone goes nowhere.
    for (const auto& state : states) state->bell.ring_mt();

    std::atomic<bool> done{false};
    std::atomic<uint64_t> accepted{0}, ran{0}, refused{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&] {
        while (!done) {
          const bool posted =
              engine.post_mt([&](Engine& on) { ran += on.fabric().port_count() <= 3 ? 1 : 1000; });
          (posted ? accepted : refused) += 1;
          std::this_thread::yield();
        }
      });
    }
    threads.emplace_back([&] {
      const auto counters = recorder.opened(1).counters;
      uint64_t last = 0;
      while (!done) {
        const uint64_t now = counters->rx_frames.get();
        if (now < last) ran += 1000;
        last = now;
        std::this_thread::yield();
      }
    });
    REQUIRE(eventually([&] { return *given > 20'000 && accepted > 100; }));
    engine.stop_mt();
    CHECK(eventually([&] { return refused > 0; }));
    done = true;
    for (std::thread& thread : threads) thread.join();
    CHECK(ran == accepted);
    CHECK(recorder.closed().size() == 3);
    // Every port gets what the two others give; the thread is gone, so these can be looked at.
    CHECK(states[0]->transmitted + states[1]->transmitted + states[2]->transmitted == 2 * *given);
    for (const auto& state : states) CHECK(state->destroyed == 1);
  }
}

TEST_CASE("engine threads: ports come and go under traffic") {
  Recorder recorder;
  Engine engine({}, recorder);
  REQUIRE(engine.open().ok());
  REQUIRE(engine.start().ok());
  const auto given = std::make_shared<std::atomic<uint64_t>>(0);
  const auto source = fountain(1, given);
  source->bell.ring_mt();
  engine.post_mt([source](Engine& on) { on.add_port(1, std::make_unique<FakePort>(source), "fountain"); });
  for (uint32_t request = 2; request < 102; ++request) {
    const auto sink = std::make_shared<FakeState>();
    sink->keep_sent = false;
    engine.post_mt(
        [sink, request](Engine& on) { on.add_port(request, std::make_unique<FakePort>(sink), "sink"); });
    REQUIRE(eventually([&] { return recorder.opened(request).port != kNoPort; }));
    REQUIRE(eventually([&] { return sink->transmitted > 0; }));
    const PortId port = recorder.opened(request).port;
    engine.post_mt([port](Engine& on) { on.remove_port(port); });
  }
  engine.stop_mt();
  CHECK(recorder.closed().size() == 101);
  CHECK(*given > 0);
}
