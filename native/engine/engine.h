// Engine: pure motion. One I/O thread that takes what every ready port has, asks the fabric where it goes,
// and sends it.
//
// A breath: wait for readiness -> each ready descriptor gives at most one batch (fairness) -> each batch is
// forwarded and transmitted whole before the next is taken -> timers -> commands. Nothing allocates on the
// way of a frame.
//
// Threads: functions that end in _mt may be called from any thread; everything else runs on the I/O thread,
// or on the caller's thread when there is none (tests drive breathe() themselves).
#pragma once

#include <pthread.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/fabric.h"
#include "core/pool.h"
#include "core/port.h"
#include "engine/moderation.h"
#include "engine/poller.h"
#include "engine/wake.h"

namespace ethercast {

// Told what happens to ports. Called on the I/O thread; must not call back into the engine, except _mt
// functions.
class EngineObserver {
 public:
  // `request` is 0 for a listener's client, whose listener is `parent`.
  virtual void on_port_opened(uint32_t request, PortId port, const std::string& name, PortId parent,
                              PortState state, std::shared_ptr<PortCounters> counters) = 0;
  virtual void on_port_failed(uint32_t request, const Error& error) = 0;
  virtual void on_port_event(PortId port, const PortEvent& event) = 0;
  virtual void on_port_note(PortId port, const std::string& key, const std::string& value) = 0;
  // The port is gone: it was removed, or it reported that it closed, or the engine stops.
  virtual void on_port_closed(PortId port) = 0;

 protected:
  ~EngineObserver() = default;
};

class Engine {
 public:
  Engine(const FabricOptions& options, EngineObserver& observer);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Acquires descriptors; without it nothing else may be called.
  Result<> open();
  // Starts the I/O thread. Precondition: open() went well.
  Result<> start();
  // Runs `command` on the I/O thread, in order. False once stopping has begun: the command is then not run.
  bool post_mt(std::function<void(Engine&)> command);
  // Closes every port and joins the thread; returns when the I/O thread holds no pointer into anything.
  // Idempotent, but not from two threads at once, and not from the I/O thread.
  void stop_mt();

  // Opens a port; the observer hears on_port_opened or on_port_failed with `request`.
  void add_port(uint32_t request, std::unique_ptr<Port> port, std::string name);
  void remove_port(PortId port);
  // One breath, waiting at most `timeout_ms` (-1: until something happens) for readiness.
  void breathe(int timeout_ms);

  Fabric& fabric() noexcept { return fabric_; }
  uint64_t now_ns() const noexcept { return now_ns_; }

 private:
  class Slot;

  void run();
  void read_clocks() noexcept;
  int timeout_until_deadline(int timeout_ms) const noexcept;
  void run_timers();
  void run_commands();
  void reap();
  void close_doomed(bool clients);
  void close_all();
  Result<> insert(uint32_t request, std::unique_ptr<Port> port, std::string name, PortId parent);
  PortId free_id() noexcept;
  Slot* slot(PortId id) noexcept { return id < by_id_.size() ? by_id_[id] : nullptr; }
  void forward(Slot& ingress, FrameBatch& batch);
  void follow_path_mtus();
  void transmit(Slot& egress, const FrameBatch& batch, Picks picks);
  void transmit_cut(const FrameBatch& batch, std::span<const Egress> egresses, uint16_t needed);
  bool all_take(std::span<const Egress> egresses, uint16_t kinds) noexcept;
  void report_loops();

  EngineObserver& observer_;
  Fabric fabric_;
  Poller poller_;
  Wake wake_;
  BatchPool pool_;
  uint64_t now_ns_ = 0;
  uint64_t wall_ns_ = 0;
  PortId last_id_ = kNoPort;
  bool any_doomed_ = false;
  uint32_t lan_mtu_ = 0;  // the least path MTU of all ports, octets of an IP packet; 0: none is limited
  Moderation moderation_;
  struct Share;  // of a cut batch: a port, and which frames it gets
  std::vector<Share> shares_;
  std::unique_ptr<FrameBatch> cut_ = std::make_unique<FrameBatch>();
  std::vector<Slot*> by_id_;
  std::vector<std::unique_ptr<Slot>> slots_;  // after pool_: ports give their batches back first

  std::mutex mutex_;  // guards the two below
  std::vector<std::function<void(Engine&)>> commands_;
  bool stopping_ = false;
  std::atomic<bool> stop_requested_{false};
  std::optional<pthread_t> thread_;
};

}  // namespace ethercast
