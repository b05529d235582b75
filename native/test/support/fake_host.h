// FakeHost: a PortHost without an engine. What a port says and delivers is kept to be looked at.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/pool.h"
#include "core/port.h"
#include "engine/clock.h"
#include "engine/poller.h"
#include "test/support/frames.h"

namespace ethercast::test {

class FakeHost final : public PortHost {
 public:
  explicit FakeHost(size_t batches = 8) : pool_(batches) { opened_ = poller_.open().ok(); }

  Result<> watch(int fd, uint32_t interest) override {
    if (watch_errno != 0) return Error::os(watch_errno, "epoll_ctl", "refused by the test");
    interests[fd] = interest;
    return poller_.watch(fd, interest, static_cast<uint64_t>(fd));
  }
  void unwatch(int fd) noexcept override {
    interests.erase(fd);
    poller_.unwatch(fd);
  }
  void arm(uint64_t deadline_ns) noexcept override { deadline = deadline_ns; }
  uint64_t now_ns() const noexcept override { return now; }
  uint64_t wall_ns() const noexcept override { return 1'700'000'000'000'000'000ULL + now; }
  BatchPtr lease() override { return pool_.lease(); }
  void deliver(FrameBatch& batch) override {
    if (!batch.empty()) batches.push_back(batch.size());
    for (uint16_t i = 0; i < batch.size(); ++i) frames.push_back(copy(batch.octets(i)));
    batch.clear();
  }
  void tell_path_mtu(uint32_t mtu) override { path_mtu = mtu; }
  // Not opened: that is the test's to do.
  Result<> adopt(std::unique_ptr<Port> child, std::string name) override {
    if (adopt_fails != 0) return Error::os(adopt_fails, "socket", "told to refuse");
    children.push_back(std::move(child));
    names.push_back(std::move(name));
    return {};
  }
  void report(PortEvent event) override { events.push_back(std::move(event)); }
  void note(std::string key, std::string value) override { notes[std::move(key)] = std::move(value); }
  PortCounters& counters() noexcept override { return counters_; }

  // Waits for readiness and hands it to `port`.
  bool breathe(Port& port, int timeout_ms = 0) {
    now = monotonic_ns();
    const auto ready = poller_.wait(timeout_ms);
    for (const Ready& event : ready) port.on_ready(static_cast<int>(event.tag), event.events);
    return !ready.empty();
  }
  std::span<const Ready> wait(int timeout_ms) { return poller_.wait(timeout_ms); }

  uint64_t dropped(RxDrop why) const { return counters_.rx_drops[static_cast<size_t>(why)].get(); }
  uint64_t dropped(TxDrop why) const { return counters_.tx_drops[static_cast<size_t>(why)].get(); }

  uint64_t now = 1'000'000'000;
  uint64_t deadline = 0;
  uint32_t path_mtu = 0;
  int watch_errno = 0;  // what watch() fails with; 0: it does not
  std::map<int, uint32_t> interests;
  std::vector<Octets> frames;
  std::vector<uint16_t> batches;
  std::vector<std::unique_ptr<Port>> children;
  std::vector<std::string> names;  // of these
  int adopt_fails = 0;             // with this errno
  std::vector<PortEvent> events;
  std::map<std::string, std::string> notes;
  BatchPool& pool() noexcept { return pool_; }

 private:
  BatchPool pool_;
  Poller poller_;
  PortCounters counters_;
  bool opened_ = false;
};

}  // namespace ethercast::test
