// EngineBox: an Engine without a thread, breathing when a test says so.
#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

#include "engine/clock.h"
#include "test/support/fake_port.h"
#include "test/support/recorder.h"
#include "test/support/sockets.h"

namespace ethercast::test {

class EngineBox {
 public:
  explicit EngineBox(FabricOptions options = {}) : engine(options, recorder) { REQUIRE(engine.open().ok()); }

  PortId add(std::unique_ptr<Port> port, const std::string& name = "port") {
    const uint32_t request = ++requests_;
    engine.add_port(request, std::move(port), name);
    return recorder.opened(request).port;
  }
  PortId add(const std::shared_ptr<FakeState>& state, const std::string& name = "fake") {
    return add(std::make_unique<FakePort>(state), name);
  }
  std::shared_ptr<PortCounters> counters(PortId port) const {
    for (uint32_t request = 1; request <= requests_; ++request) {
      if (auto opened = recorder.opened(request); opened.port == port) return opened.counters;
    }
    throw std::logic_error("no port of that number was ever added");
  }
  uint64_t dropped(PortId port, RxDrop why) const {
    return counters(port)->rx_drops[static_cast<size_t>(why)].get();
  }
  uint64_t dropped(PortId port, TxDrop why) const {
    return counters(port)->tx_drops[static_cast<size_t>(why)].get();
  }
  // Breathes until it is true, or patience ends.
  bool breathe_until(const std::function<bool()>& done, int patience_ms = kPatience_ms) {
    const uint64_t end = monotonic_ns() + static_cast<uint64_t>(patience_ms) * kNsPerMs;
    while (!done()) {
      if (monotonic_ns() > end) return false;
      engine.breathe(20);
    }
    return true;
  }
  // Breathes until nothing has been ready for a moment.
  void settle(int breaths = 10) {
    for (int i = 0; i < breaths; ++i) engine.breathe(2);
  }

  Recorder recorder;
  Engine engine;

 private:
  uint32_t requests_ = 0;
};

}  // namespace ethercast::test
