// Engine::Slot: a port's place in the engine, and the PortHost that it sees.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "engine/engine.h"

namespace ethercast {

// What comes back with a descriptor's readiness: whose it is, and which.
constexpr uint64_t tag_of(PortId port, int fd) noexcept {
  return (static_cast<uint64_t>(port) << 32) | static_cast<uint32_t>(fd);
}

class Engine::Slot final : public PortHost {
 public:
  Slot(Engine& engine, PortId id, PortId parent, std::unique_ptr<Port> port, std::string name)
      : engine_(engine),
        id_(id),
        parent_(parent),
        name_(std::move(name)),
        counters_(std::make_shared<PortCounters>()),
        port_(std::move(port)) {}

  Result<> watch(int fd, uint32_t interest) override {
    return engine_.poller_.watch(fd, interest, tag_of(id_, fd));
  }
  void unwatch(int fd) noexcept override { engine_.poller_.unwatch(fd); }
  void arm(uint64_t deadline_ns) noexcept override { deadline_ns_ = deadline_ns; }
  uint64_t now_ns() const noexcept override { return engine_.now_ns_; }
  uint64_t wall_ns() const noexcept override { return engine_.wall_ns_; }
  BatchPtr lease() override { return engine_.pool_.lease(); }
  void deliver(FrameBatch& batch) override {
    if (batch.empty()) return;
    batch.set_ingress(id_);
    engine_.forward(*this, batch);
    batch.clear();
  }
  Result<> adopt(std::unique_ptr<Port> child, std::string name) override {
    return engine_.insert(0, std::move(child), std::move(name), id_);
  }
  void report(PortEvent event) override {
    if (event.state == PortState::closed) {
      doomed_ = engine_.any_doomed_ = true;
    } else if (!open_) {
      early_ = std::move(event);
      return;
    }
    engine_.observer_.on_port_event(id_, event);
  }
  void note(std::string key, std::string value) override { engine_.observer_.on_port_note(id_, key, value); }
  void tell_path_mtu(uint32_t mtu) override {
    path_mtu_ = mtu;
    if (open_) engine_.follow_path_mtus();
  }
  PortCounters& counters() noexcept override { return *counters_; }

  Engine& engine_;
  const PortId id_;
  const PortId parent_;  // the listener whose client this is; kNoPort: none
  const std::string name_;
  const std::shared_ptr<PortCounters> counters_;
  const std::unique_ptr<Port> port_;
  Caps caps_{};
  uint64_t deadline_ns_ = 0;
  uint32_t path_mtu_ = 0;
  bool open_ = false;
  bool doomed_ = false;
  std::optional<PortEvent> early_;  // reported while it opened; told when the port is known
};

}  // namespace ethercast
