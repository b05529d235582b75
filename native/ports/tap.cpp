#include "ports/tap.h"

#include <net/if.h>
#include <sys/epoll.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#include "core/coalesce.h"
#include "core/ether.h"
#include "engine/address_watch.h"
#include "engine/tap_device.h"
#include "engine/tap_options.h"
#include "ports/codec/vnet_header.h"

namespace ethercast {

namespace {

// What a guest that knows of no larger MTU has, and the most that a tap is given unasked.
constexpr uint32_t kEthernetMtu = 1500;
// What one read may bring: the longest IP packet, the Ethernet header, a VLAN tag in the octets and one that
// the kernel puts in. Less room would cut it without a word.
constexpr uint32_t kLongestRead = 65535 + kEtherHeader + 2 * kVlanTag;
constexpr uint32_t kCacheLine = 64;
constexpr uint32_t kMostHeader = 64;  // octets of virtio-net header (TapDevice allows no more)
// Beyond an IP packet of the MTU: the header and a VLAN tag.
constexpr uint32_t kBeyondMtu = kEtherHeader + kVlanTag;

class TapPort final : public Port, UnitSink {
 public:
  explicit TapPort(TapOptions options) : options_(std::move(options)) {}
  ~TapPort() override { close(); }

  // The device's own MTU bounds what this host sends into it, not what it takes.
  Caps caps() const noexcept override {
    const uint32_t asked = options_.mtu == 0 ? kMaxFrame : options_.mtu + kBeyondMtu;
    return {.max_frame = std::min(asked, kMaxFrame), .takes = device_.takes()};
  }

  Result<> open(PortHost& host) override {
    host_ = &host;
    if (auto opened = device_.open(options_.wish); !opened) return opened;
    host.note("device", device_.name());
    host.note("device_by", device_.made_here() ? "made here" : "was there");
    if (device_.has_multi_queue()) host.note("queues", "one of several");
    host.note("offload", device_.offload());
    if (auto opened = watch_.open(); !opened) return opened;
    if (auto watched = host.watch(watch_.fd(), EPOLLIN); !watched) return watched;
    set_up();
    look_again();
    if (!told_later_.empty() || !up_) host.arm(host.now_ns());  // told once the port is known
    return host.watch(device_.fd(), EPOLLIN);
  }

  void on_ready(int fd, uint32_t) override {
    if (fd == watch_.fd()) {
      for (const AddressChange& change : watch_.read()) follow(change);
    } else {
      receive();
    }
  }

  void on_timer(uint64_t) override {
    for (PortEvent& event : std::exchange(told_later_, {})) {
      event.state = up_ ? PortState::up : PortState::degraded;
      host_->report(std::move(event));
    }
    report_health(up_ ? 0 : ENETDOWN);
  }

  void on_lan_mtu(uint32_t mtu) override {
    lan_mtu_ = mtu;
    if (gone_) return;
    if (options_.mtu == 0 && device_.made_here()) {
      change_mtu(mtu == 0 ? kEthernetMtu : std::min(mtu, kEthernetMtu));
    }
    advise();
  }

  TxResult transmit(const FrameBatch& batch, Picks picks) noexcept override {
    batch_ = &batch;
    result_ = {};
    if ((device_.takes() & (kTakesTcp4 | kTakesTcp6)) != 0) {
      joiner_.join(batch, picks, device_.takes(), *this);
    } else {
      for (const uint16_t index : picks) write_frame(index);
    }
    return result_;
  }

  void close() noexcept override {
    if (host_ == nullptr) return;
    for (const int fd : {device_.fd(), watch_.fd()}) {
      if (fd >= 0) host_->unwatch(fd);
    }
    watch_.close();
    device_.close();
    host_ = nullptr;
  }

 private:
  // ---- from the tap

  void receive() {
    const BatchPtr batch = host_->lease();
    if (!batch) return;
    PortCounters& counters = host_->counters();
    const uint32_t header_octets = device_.vnet_header();
    std::array<uint8_t, kMostHeader> header;
    uint32_t at = FrameBatch::kHeadroom;
    while (!batch->full() && FrameBatch::kSlabSize - at >= kLongestRead) {
      const std::array<iovec, 2> room{iovec{header.data(), header_octets},
                                      iovec{batch->slab() + at, FrameBatch::kSlabSize - at}};
      const ssize_t got = readv(device_.fd(), room.data(), 2);
      if (got < 0) {
        if (errno == EINTR) continue;
        if (errno != EAGAIN) lost(errno);
        break;
      }
      if (got < static_cast<ssize_t>(header_octets)) break;  // nothing at all: the device is on its way out
      FrameMeta meta;
      meta.offset = at;
      meta.length = static_cast<uint32_t>(got) - header_octets;
      meta.time_ns = host_->wall_ns();
      const std::span<const uint8_t> octets{batch->slab() + at, meta.length};
      if (header_octets != 0) {
        const auto claim = read_vnet_header({header.data(), header_octets});
        if (!claim || !describe(meta, octets, *claim)) {
          counters.rx_frames.add(1);
          counters.rx_octets.add(meta.length);
          counters.drop(RxDrop::bad_offload);
          continue;
        }
      }
      counters.rx_frames.add(wire_frames(meta));
      counters.rx_octets.add(wire_octets(meta));
      if (is_super_frame(meta)) counters.rx_super_frames.add(1);
      batch->push(at, meta.length) = meta;
      at = (at + meta.length + FrameBatch::kHeadroom + kCacheLine - 1) / kCacheLine * kCacheLine;
    }
    host_->deliver(*batch);
  }

  // ---- to the tap

  void take(const Unit& unit) noexcept override {
    if (unit.frames.size() == 1) return write_frame(unit.frames[0]);
    std::array<iovec, 2 + FrameBatch::kMaxFrames> pieces;
    write_vnet_header(unit.meta, unit.header.data(), std::span(header_).first<kVnetHeader>());
    pieces[0] = {header_.data(), device_.vnet_header()};
    pieces[1] = piece(unit.header);
    int count = 2;
    for (const auto& payload : unit.payloads) pieces[static_cast<size_t>(count++)] = piece(payload);
    const int why = write_all(pieces.data(), count);
    // A super-frame that the kernel does not want is still so many good frames.
    if (why == EINVAL) {
      host_->counters().offload_failures.add(1);
      for (const uint16_t index : unit.frames) write_frame(index);
      return;
    }
    uint64_t octets = 0;
    for (const uint16_t index : unit.frames) octets += batch_->meta(index).length;
    settle(why, static_cast<uint32_t>(unit.frames.size()), octets, true);
  }

  void write_frame(uint16_t index) noexcept {
    const FrameMeta& meta = batch_->meta(index);
    const auto octets = batch_->octets(index);
    std::array<iovec, 2> pieces;
    int count = 0;
    if (device_.vnet_header() != 0) {
      write_vnet_header(meta, octets.data(), std::span(header_).first<kVnetHeader>());
      pieces[0] = {header_.data(), device_.vnet_header()};
      count = 1;
    }
    pieces[static_cast<size_t>(count++)] = piece(octets);
    settle(write_all(pieces.data(), count), wire_frames(meta), wire_octets(meta), is_super_frame(meta));
  }

  static iovec piece(std::span<const uint8_t> octets) noexcept {
    return {const_cast<uint8_t*>(octets.data()), octets.size()};  // writev only reads it
  }

  // 0 or an errno.
  int write_all(const iovec* pieces, int count) const noexcept {
    while (writev(device_.fd(), pieces, count) < 0) {
      if (errno != EINTR) return errno;
    }
    return 0;
  }

  void settle(int why, uint32_t frames, uint64_t octets, bool super) noexcept {
    PortCounters& counters = host_->counters();
    if (why == 0) {
      result_.sent += frames;
      counters.tx_frames.add(frames);
      counters.tx_octets.add(octets);
      if (super) counters.tx_super_frames.add(1);
      if (!up_) set_health(true, 0);
      return;
    }
    result_.dropped += frames;
    // The kernel's own queue is full; one of ours behind it would only make frames older.
    if (why == EAGAIN || why == ENOBUFS) return counters.drop(TxDrop::queue_full, frames);
    counters.last_errno.set(static_cast<uint64_t>(why));
    counters.drop(TxDrop::refused, frames);
    lost(why);
  }

  // ---- the device

  // What needs privilege is tried and, when refused, told: a tap that somebody prepared works without.
  void set_up() {
    const int index = device_.index();
    if (options_.mtu != 0) change_mtu(options_.mtu);
    if (options_.host_ip) {
      const auto added = add_link_address(index, *options_.host_ip);
      if (added)
        host_->note("host_ip", options_.host_ip_text);
      else
        refused("host_ip", added.error(),
                "ip addr replace " + options_.host_ip_text + " dev " + device_.name());
    }
    if (device_.made_here() || options_.host_ip) {
      const auto set = set_link_up(index);
      if (!set) refused("up", set.error(), "ip link set dev " + device_.name() + " up");
    }
    if (device_.made_here()) return;
    std::string ignored;
    if (options_.wish.owner) ignored += " owner";
    if (options_.wish.group) ignored += " group";
    if (options_.wish.persist) ignored += " persist";
    if (!ignored.empty()) host_->note("left_alone", "the tap was there before:" + ignored);
  }

  void change_mtu(uint32_t mtu) {
    if (mtu == mtu_) return;
    const auto set = set_link_mtu(device_.index(), mtu);
    if (set)
      learn_mtu(mtu);
    else
      refused("mtu", set.error(), "ip link set dev " + device_.name() + " mtu " + std::to_string(mtu));
  }

  void refused(const std::string& what, const Error& error, const std::string& command) {
    const std::string text = error.message + ": sudo " + command;
    host_->note(what + "_refused", text);
    told_later_.push_back({PortState::up, "unprivileged", text, error.os_errno});
    host_->arm(host_->now_ns());
  }

  void look_again() {
    const auto link = look_up_link({}, device_.index());
    if (!link) return;
    if (!link.value()) return left();
    learn(link.value()->name, link.value()->flags, link.value()->mtu);
  }

  void learn(const std::string& name, uint32_t flags, uint32_t mtu) {
    if (name != name_) host_->note("device", name);
    name_ = name;
    if (mtu != 0) learn_mtu(mtu);
    up_ = (flags & IFF_UP) != 0;
  }

  void learn_mtu(uint32_t mtu) {
    if (mtu == mtu_) return;
    mtu_ = mtu;
    host_->note("mtu", std::to_string(mtu));
    advise();
  }

  // A larger MTU than the LAN carries in one piece: its frames will be fragmented, or lost.
  void advise() {
    const bool wanted = lan_mtu_ != 0 && mtu_ > lan_mtu_;
    if (wanted) {
      const std::string lan = std::to_string(lan_mtu_);
      host_->note("mtu_advice", "the LAN carries " + lan + " octets in one piece: sudo ip link set dev " +
                                    name_ + " mtu " + lan);
    } else if (advised_) {
      host_->note("mtu_advice", "none, the LAN carries it");
    }
    advised_ = wanted;
  }

  void follow(const AddressChange& change) {
    if (gone_) return;
    switch (change.what) {
      case AddressChange::What::missed:
        look_again();
        break;
      case AddressChange::What::link_changed:
        if (change.interface_index != device_.index()) return;
        look_again();  // the news may be older than what was set up since
        if (!up_ && !device_.is_attached()) return lost(EBADFD);  // it goes down before it is gone
        break;
      case AddressChange::What::link_removed:
        if (change.interface_index != device_.index()) return;
        left();
        break;
      default:
        return;
    }
    report_health(up_ ? 0 : ENETDOWN);
  }

  // It is not in this namespace any more: deleted, or moved to another one, where it works as before.
  void left() {
    if (!device_.is_attached()) return lost(EBADFD);
    host_->note("device", device_.name() + " in another namespace");
  }

  void lost(int why) noexcept {
    if (why == EIO) {
      set_health(false, why);
    } else if (why == EBADFD && !gone_) {
      gone_ = true;
      host_->report({PortState::closed, "deleted", "the tap " + device_.name() + " was deleted", why});
    }
  }

  void set_health(bool up, int os_errno) noexcept {
    up_ = up;
    report_health(os_errno);
  }

  void report_health(int os_errno) {
    if (gone_ || told_up_ == up_) return;
    told_up_ = up_;
    if (up_) {
      host_->report({PortState::up, "up", "the tap " + device_.name() + " carries frames again", 0});
    } else {
      host_->report({PortState::degraded, "down",
                     "the tap " + device_.name() + " is down: sudo ip link set dev " + device_.name() + " up",
                     os_errno});
    }
  }

  const TapOptions options_;
  PortHost* host_ = nullptr;
  TapDevice device_;
  AddressWatch watch_;
  Joiner joiner_;
  std::array<uint8_t, kMostHeader> header_{};
  std::vector<PortEvent> told_later_;  // until the port is known
  std::string name_;                   // as it is called now
  uint32_t mtu_ = 0;                   // octets of the largest IP packet; 0: not known yet
  uint32_t lan_mtu_ = 0;
  bool advised_ = false;
  bool up_ = true;
  bool told_up_ = true;
  bool gone_ = false;
  // Within one transmit().
  const FrameBatch* batch_ = nullptr;
  TxResult result_;
};

}  // namespace

Result<std::unique_ptr<Port>> make_tap_port(const Config& config) {
  auto options = read_tap_options(config);
  if (!options) return options.error();
  return std::unique_ptr<Port>(std::make_unique<TapPort>(std::move(options.value())));
}

}  // namespace ethercast
