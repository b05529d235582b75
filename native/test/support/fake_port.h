// FakePort: a Port that does what a test tells it to. It carries frames over an eventfd and two vectors.
#pragma once

#include <sys/epoll.h>

#include <atomic>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "core/port.h"
#include "engine/wake.h"
#include "test/support/frames.h"

namespace ethercast::test {

// What a test sees of a FakePort; it outlives the port. Not locked: look at it only where no I/O thread is.
struct FakeState {
  Caps caps;
  bool refuse_open = false;
  std::function<void(PortHost&)> on_open;
  std::function<void(PortHost&, uint32_t)> on_ready;  // instead of delivering what is in `inbox`
  std::function<void(PortHost&, uint64_t)> on_timer;
  std::function<void(PortHost&)> on_transmit;
  bool keep_sent = true;

  Wake bell;                  // ring it: the port is ready
  std::vector<Octets> inbox;  // frames from the outside, at most a batch taken at a time
  size_t taken = 0;
  std::vector<Octets> sent;        // frames to the outside
  std::vector<FrameMeta> metas;    // of these
  std::vector<size_t> picked;      // how many each transmit() had
  std::vector<uint32_t> lan_mtus;  // told, in order
  PortHost* host = nullptr;
  int opened = 0, closed = 0, destroyed = 0, ready = 0;
  std::atomic<uint64_t> transmitted{0};

  explicit FakeState(Caps with = {}) : caps(with) { (void)bell.open(); }
  void give(Octets frame) {
    inbox.push_back(std::move(frame));
    bell.ring_mt();
  }
};

class FakePort final : public Port {
 public:
  explicit FakePort(std::shared_ptr<FakeState> state) : state_(std::move(state)) {}
  ~FakePort() override { ++state_->destroyed; }

  Caps caps() const noexcept override { return state_->caps; }
  Result<> open(PortHost& host) override {
    ++state_->opened;
    state_->host = &host;
    if (auto watched = host.watch(state_->bell.fd(), EPOLLIN); !watched) return watched;
    if (state_->on_open) state_->on_open(host);
    if (state_->refuse_open) return Error::of(Errc::unsupported, "told to refuse");
    return {};
  }
  void on_ready(int, uint32_t events) override {
    ++state_->ready;
    if (state_->on_ready) return state_->on_ready(*state_->host, events);
    BatchPtr batch = state_->host->lease();
    if (!batch) return;
    while (state_->taken < state_->inbox.size() && batch->append(state_->inbox[state_->taken], 1))
      ++state_->taken;
    if (state_->taken == state_->inbox.size()) state_->bell.clear();
    state_->host->counters().rx_frames.add(batch->size());
    state_->host->deliver(*batch);
  }
  void on_timer(uint64_t now_ns) override {
    if (state_->on_timer) state_->on_timer(*state_->host, now_ns);
  }
  void on_lan_mtu(uint32_t mtu) override { state_->lan_mtus.push_back(mtu); }
  TxResult transmit(const FrameBatch& batch, Picks picks) noexcept override {
    state_->picked.push_back(picks.size());
    uint32_t frames = 0;
    for (const uint16_t index : picks) {
      frames += wire_frames(batch.meta(index));
      if (!state_->keep_sent) continue;
      state_->sent.push_back(copy(batch.octets(index)));
      state_->metas.push_back(batch.meta(index));
    }
    state_->transmitted += frames;
    state_->host->counters().tx_frames.add(frames);
    if (state_->on_transmit) state_->on_transmit(*state_->host);
    return {.sent = frames};
  }
  void close() noexcept override {
    ++state_->closed;
    if (state_->host != nullptr) state_->host->unwatch(state_->bell.fd());
    state_->host = nullptr;
  }

 private:
  std::shared_ptr<FakeState> state_;
};

}  // namespace ethercast::test
