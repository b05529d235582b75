#include "engine/engine.h"

#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>

#include <algorithm>
#include <cstdio>
#include <system_error>

#include "core/cut_batch.h"
#include "core/segment.h"
#include "engine/clock.h"
#include "engine/slot.h"

namespace ethercast {

namespace {
uint64_t wire_frames(const FrameBatch& batch, Picks picks) noexcept {
  uint64_t frames = 0;
  for (const uint16_t index : picks) frames += ethercast::wire_frames(batch.meta(index));
  return frames;
}

void finish_checksums(FrameBatch& batch) noexcept {
  for (uint16_t i = 0; i < batch.size(); ++i) {
    FrameMeta& meta = batch.meta(i);
    if (!is_super_frame(meta) && (meta.flags & kChecksumUnfinished) != 0)
      finish_checksum(meta, batch.data(i));
  }
}

constexpr uint64_t kWakeTag = 0;  // ports have ids from 1 on, so no port's tag is 0
}  // namespace

struct Engine::Share {
  Slot* out;
  FrameSet picked;
};

Engine::Engine(const FabricOptions& options, EngineObserver& observer)
    : observer_(observer), fabric_(options) {}

Engine::~Engine() { stop_mt(); }

Result<> Engine::open() {
  if (auto opened = poller_.open(); !opened) return opened;
  if (auto opened = wake_.open(); !opened) return opened;
  read_clocks();
  return poller_.watch(wake_.fd(), EPOLLIN, kWakeTag);
}

Result<> Engine::start() {
  // Signals are the main thread's business: the new thread inherits a mask that blocks them all.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int failure = 0;
  pthread_t thread;
  // pthread_create and not std::thread: without exceptions a failure must come back as a value.
  failure = pthread_create(
      &thread, nullptr,
      [](void* engine) -> void* {
        static_cast<Engine*>(engine)->run();
        return nullptr;
      },
      this);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (failure != 0) return Error::os(failure, "pthread_create", "the I/O thread could not be started");
  pthread_setname_np(thread, "ethercast-io");
  thread_ = thread;
  return {};
}

bool Engine::post_mt(std::function<void(Engine&)> command) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return false;
    commands_.push_back(std::move(command));
  }
  wake_.ring_mt();
  return true;
}

void Engine::stop_mt() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  if (thread_) {
    stop_requested_.store(true, std::memory_order_release);
    wake_.ring_mt();
    pthread_join(*thread_, nullptr);
    thread_.reset();
  } else {
    run_commands();
    close_all();
  }
}

void Engine::run() {
  // The default slack of 50 us would make every pause half as long again.
  prctl(PR_SET_TIMERSLACK, 1UL);
  while (!stop_requested_.load(std::memory_order_acquire)) {
    breathe(-1);
    if (const uint64_t pause_ns = moderation_.pause_ns(now_ns_); pause_ns != 0) {
      const timespec pause{0, static_cast<long>(pause_ns)};
      nanosleep(&pause, nullptr);
    }
  }
  run_commands();  // what was posted before the stop still counts: its caller was told true
  close_all();
}

void Engine::read_clocks() noexcept {
  now_ns_ = monotonic_ns();
  wall_ns_ = realtime_ns();
}

int Engine::timeout_until_deadline(int timeout_ms) const noexcept {
  uint64_t next = fabric_.next_deadline_ns();
  for (const auto& slot : slots_) {
    if (slot->deadline_ns_ != 0 && (next == 0 || slot->deadline_ns_ < next)) next = slot->deadline_ns_;
  }
  if (next == 0) return timeout_ms;
  const uint64_t now = monotonic_ns();
  if (next <= now) return 0;
  // Rounded up: waking a hair early would spin until the deadline.
  const uint64_t wait_ms = std::min<uint64_t>((next - now + kNsPerMs - 1) / kNsPerMs, 3'600'000);
  return timeout_ms < 0 ? static_cast<int>(wait_ms) : std::min(timeout_ms, static_cast<int>(wait_ms));
}

void Engine::breathe(int timeout_ms) {
  const auto ready = poller_.wait(timeout_until_deadline(timeout_ms));
  read_clocks();
  bool commands = false;
  for (const Ready& event : ready) {
    if (event.tag == kWakeTag) {
      wake_.clear();
      commands = true;
      continue;
    }
    Slot* owner = slot(static_cast<PortId>(event.tag >> 32));
    if (owner == nullptr || !owner->open_ || owner->doomed_) continue;
    owner->port_->on_ready(static_cast<int>(event.tag & 0xffffffff), event.events);
  }
  run_timers();
  if (commands) run_commands();
  if (any_doomed_) reap();
}

void Engine::run_timers() {
  // By index: on_timer may adopt a child, and the vector may grow.
  for (size_t i = 0; i < slots_.size(); ++i) {
    Slot& slot = *slots_[i];
    if (slot.deadline_ns_ == 0 || slot.deadline_ns_ > now_ns_ || !slot.open_ || slot.doomed_) continue;
    slot.deadline_ns_ = 0;
    slot.port_->on_timer(now_ns_);
  }
  const uint64_t fabric_deadline = fabric_.next_deadline_ns();
  if (fabric_deadline != 0 && fabric_deadline <= now_ns_) {
    fabric_.expire(now_ns_);
    report_loops();
  }
}

void Engine::run_commands() {
  std::vector<std::function<void(Engine&)>> commands;
  {
    const std::lock_guard lock(mutex_);
    commands.swap(commands_);
  }
  for (auto& command : commands) command(*this);
}

PortId Engine::free_id() noexcept {
  for (uint32_t tries = 0; tries < 65535; ++tries) {
    last_id_ = last_id_ == 65535 ? 1 : static_cast<PortId>(last_id_ + 1);
    if (slot(last_id_) == nullptr) return last_id_;
  }
  return kNoPort;
}

void Engine::add_port(uint32_t request, std::unique_ptr<Port> port, std::string name) {
  const auto inserted = insert(request, std::move(port), std::move(name), kNoPort);
  if (!inserted) observer_.on_port_failed(request, inserted.error());
}

Result<> Engine::insert(uint32_t request, std::unique_ptr<Port> port, std::string name, PortId parent) {
  const PortId id = free_id();
  if (id == kNoPort) {
    return Error::of(Errc::state, "the switch has 65535 ports, and no number for another");
  }
  slots_.push_back(std::make_unique<Slot>(*this, id, parent, std::move(port), std::move(name)));
  Slot& slot = *slots_.back();
  if (by_id_.size() <= id) by_id_.resize(id + 1u, nullptr);
  by_id_[id] = &slot;

  const Result<> opened = slot.port_->open(slot);
  if (!opened) {
    slot.port_->close();
    by_id_[id] = nullptr;
    if (parent != kNoPort)
      observer_.on_port_closed(id);  // there is no request to answer, but there may be notes
    std::erase_if(slots_, [&](const auto& each) { return each.get() == &slot; });
    return opened.error();
  }
  slot.caps_ = slot.port_->caps();
  slot.open_ = true;
  if (!slot.caps_.listener) fabric_.add_port(id, *slot.counters_, slot.caps_.max_frame, slot.caps_.read_only);
  const PortState state = slot.early_ ? slot.early_->state : PortState::up;
  observer_.on_port_opened(request, id, slot.name_, parent, state, slot.counters_);
  if (slot.early_) observer_.on_port_event(id, *slot.early_);
  slot.early_.reset();
  follow_path_mtus();
  slot.port_->on_lan_mtu(lan_mtu_);
  return {};
}

void Engine::follow_path_mtus() {
  uint32_t least = 0;
  for (const auto& slot : slots_) {
    if (slot->open_ && slot->path_mtu_ != 0 && (least == 0 || slot->path_mtu_ < least))
      least = slot->path_mtu_;
  }
  if (least == lan_mtu_) return;
  lan_mtu_ = least;
  // By index: a port may tell another path MTU from within, or adopt a child.
  for (size_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i]->open_ && !slots_[i]->doomed_) slots_[i]->port_->on_lan_mtu(least);
  }
}

void Engine::remove_port(PortId port) {
  if (Slot* gone = slot(port); gone != nullptr) gone->doomed_ = any_doomed_ = true;
  reap();
}

void Engine::release_peer(PortId port) {
  if (Slot* const found = slot(port); found != nullptr && !found->doomed_) found->port_->release_peer();
}

void Engine::reap() {
  any_doomed_ = false;
  for (const auto& each : slots_) {
    const Slot* const parent = slot(each->parent_);
    if (parent != nullptr && parent->doomed_) each->doomed_ = true;
  }
  // The last opened first: whoever hears that a listener is closed finds its clients closed, too.
  for (auto each = slots_.rbegin(); each != slots_.rend(); ++each) {
    Slot& slot = **each;
    if (!slot.doomed_) continue;
    fabric_.remove_port(slot.id_);
    slot.port_->close();
    by_id_[slot.id_] = nullptr;
    observer_.on_port_closed(slot.id_);
  }
  std::erase_if(slots_, [](const std::unique_ptr<Slot>& slot) { return slot->doomed_; });
  follow_path_mtus();
}

void Engine::close_all() {
  for (const auto& slot : slots_) slot->doomed_ = true;
  reap();
}

void Engine::forward(Slot& ingress, FrameBatch& batch) {
  const auto egresses = fabric_.forward(batch, ingress.id_, now_ns_);
  uint16_t needed = needed_to_take(batch);
  moderation_.count(batch.size(),
                    batch.has_runs() || (needed & kTakesSuperFrames) != 0 || ingress.caps_.shallow);
  if ((needed & kTakesChecksum) != 0 && !all_take(egresses, kTakesChecksum)) {
    finish_checksums(batch);
    needed = static_cast<uint16_t>(needed & ~kTakesChecksum);
  }
  bool cut = false;
  for (const Egress& egress : egresses) {
    Slot* const out = slot(egress.port);
    if (out == nullptr) continue;
    if ((needed & ~out->caps_.takes) != 0) {
      cut = true;
    } else {
      transmit(*out, batch, egress.picks);
    }
  }
  if (cut) transmit_cut(batch, egresses, needed);
  report_loops();
}

bool Engine::all_take(std::span<const Egress> egresses, uint16_t kinds) noexcept {
  return std::all_of(egresses.begin(), egresses.end(), [&](const Egress& egress) {
    const Slot* const out = slot(egress.port);
    return out == nullptr || (kinds & ~out->caps_.takes) == 0;
  });
}

// For the ports that can't take the batch as it is: cut once for all of them, a batchful at a time.
void Engine::transmit_cut(const FrameBatch& batch, std::span<const Egress> egresses, uint16_t needed) {
  shares_.clear();
  FrameSet wanted;
  for (const Egress& egress : egresses) {
    Slot* const out = slot(egress.port);
    if (out == nullptr || (needed & ~out->caps_.takes) == 0) continue;
    FrameSet picked;
    for (const uint16_t index : egress.picks) picked.set(index);
    wanted |= picked;
    shares_.push_back({out, picked});
  }
  BatchCutter cutter(batch, wanted);
  while (cutter.next(*cut_)) {
    for (const Share& share : shares_) {
      std::array<uint16_t, FrameBatch::kMaxFrames> picks;
      uint16_t count = 0;
      for (uint16_t i = 0; i < cut_->size(); ++i) {
        if (share.picked.test(cutter.origin(i))) picks[count++] = i;
      }
      if (count != 0) transmit(*share.out, *cut_, Picks(picks.data(), count));
    }
  }
}

void Engine::transmit(Slot& egress, const FrameBatch& batch, Picks picks) {
  PortCounters& counters = *egress.counters_;
  if (egress.caps_.read_only) {
    counters.drop(TxDrop::read_only, wire_frames(batch, picks));
    return;
  }
  std::array<uint16_t, FrameBatch::kMaxFrames> fitting;
  uint16_t count = 0;
  for (const uint16_t index : picks) {
    const FrameMeta& meta = batch.meta(index);
    if (wire_length(meta) <= egress.caps_.max_frame) {
      fitting[count++] = index;
    } else {
      counters.drop(TxDrop::oversize, wire_frames(meta));
    }
  }
  if (count != 0) egress.port_->transmit(batch, Picks(fitting.data(), count));
}

void Engine::report_loops() {
  for (const LoopEvent& loop : fabric_.take_events()) {
    PortEvent event;
    event.reason = "loop";
    if (loop.blocked) {
      char station[18];
      std::snprintf(station, sizeof station, "%02x:%02x:%02x:%02x:%02x:%02x",
                    unsigned(loop.station >> 40 & 0xff), unsigned(loop.station >> 32 & 0xff),
                    unsigned(loop.station >> 24 & 0xff), unsigned(loop.station >> 16 & 0xff),
                    unsigned(loop.station >> 8 & 0xff), unsigned(loop.station & 0xff));
      Slot* other = slot(loop.other);
      event.state = PortState::blocked;
      event.message = std::string("a forwarding loop: ") + station + " alternates between this port and " +
                      (other != nullptr ? other->name_ : "another") + "; blocked for 30 s";
    } else {
      event.message = "the block for a forwarding loop is over";
    }
    observer_.on_port_event(loop.port, event);
  }
}

}  // namespace ethercast
