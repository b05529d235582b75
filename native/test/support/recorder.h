// Recorder: an EngineObserver that remembers. Locked, since an engine with a thread calls it from there.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "engine/engine.h"

namespace ethercast::test {

class Recorder final : public EngineObserver {
 public:
  struct Opened {
    PortId port;
    PortId parent;
    std::string name;
    PortState state;
    std::shared_ptr<PortCounters> counters;
  };

  void on_port_opened(uint32_t request, PortId port, const std::string& name, PortId parent, PortState state,
                      std::shared_ptr<PortCounters> counters) override {
    const std::lock_guard lock(mutex_);
    opened_.emplace_back(request, Opened{port, parent, name, state, std::move(counters)});
  }
  void on_port_failed(uint32_t request, const Error& error) override {
    const std::lock_guard lock(mutex_);
    failed_.emplace_back(request, error);
  }
  void on_port_event(PortId port, const PortEvent& event) override {
    const std::lock_guard lock(mutex_);
    events_.emplace_back(port, event);
  }
  void on_port_note(PortId port, const std::string& key, const std::string& value) override {
    const std::lock_guard lock(mutex_);
    notes_[{port, key}] = value;
  }
  void on_port_closed(PortId port) override {
    const std::lock_guard lock(mutex_);
    closed_.push_back(port);
  }

  // What the port of `request` became; an empty one when it failed or is not open yet.
  Opened opened(uint32_t request) const {
    const std::lock_guard lock(mutex_);
    for (const auto& [number, port] : opened_) {
      if (number == request) return port;
    }
    return {};
  }
  size_t opened_count() const { return locked(opened_).size(); }
  Opened opened_at(size_t index) const { return locked(opened_).at(index).second; }
  std::vector<std::pair<uint32_t, Error>> failed() const { return locked(failed_); }
  std::vector<std::pair<PortId, PortEvent>> events() const { return locked(events_); }
  std::vector<PortId> closed() const { return locked(closed_); }
  std::string note(PortId port, const std::string& key) const {
    const auto notes = locked(notes_);
    const auto found = notes.find({port, key});
    return found == notes.end() ? "" : found->second;
  }

 private:
  template <typename T>
  T locked(const T& value) const {
    const std::lock_guard lock(mutex_);
    return value;
  }

  mutable std::mutex mutex_;
  std::vector<std::pair<uint32_t, Opened>> opened_;
  std::vector<std::pair<uint32_t, Error>> failed_;
  std::vector<std::pair<PortId, PortEvent>> events_;
  std::map<std::pair<PortId, std::string>, std::string> notes_;
  std::vector<PortId> closed_;
};

}  // namespace ethercast::test
