#include "ports/pcap.h"

#include <net/if.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>

#include "core/ether.h"
#include "engine/address_watch.h"
#include "engine/capture_filter.h"
#include "engine/capture_socket.h"
#include "engine/frame_options.h"
#include "engine/interfaces.h"
#include "engine/link_setup.h"
#include "ports/codec/packet_capture.h"

namespace ethercast {

namespace {

struct PcapOptions {
  std::string interface;
  std::string filter;  // empty: everything
  bool promisc = true;
  bool optimize = false;
  FrameOptions sizes{};
};

class PcapPort final : public Port {
 public:
  explicit PcapPort(PcapOptions options) : options_(std::move(options)) {}
  ~PcapPort() override { close(); }

  Caps caps() const noexcept override { return {.max_frame = options_.sizes.max_frame, .read_only = true}; }

  Result<> open(PortHost& host) override {
    host_ = &host;
    const auto chosen = find_interface(options_.interface);
    if (!chosen) return chosen.error();
    name_ = chosen.value().name;
    host.note("interface", name_);
    host.note("promisc", options_.promisc ? "on" : "off");
    // Before it is looked at, so that no change falls in between.
    if (auto opened = watch_.open(); !opened) return opened;
    if (auto watched = host.watch(watch_.fd(), EPOLLIN); !watched) return watched;
    return adopt(chosen.value().index, (chosen.value().flags & IFF_UP) != 0, chosen.value().mtu);
  }

  void on_ready(int fd, uint32_t) override {
    if (fd == watch_.fd()) {
      for (const AddressChange& change : watch_.read()) follow(change);
    } else {
      receive();
    }
  }
  void on_timer(uint64_t) override {}

  // Never called: the engine sends nothing to a port that is read-only.
  TxResult transmit(const FrameBatch& batch, Picks picks) noexcept override {
    TxResult result;
    for (const uint16_t index : picks) result.dropped += wire_frames(batch.meta(index));
    host_->counters().drop(TxDrop::read_only, result.dropped);
    return result;
  }

  void close() noexcept override {
    if (host_ == nullptr) return;
    release();
    if (watch_.fd() >= 0) host_->unwatch(watch_.fd());
    watch_.close();
    host_ = nullptr;
  }

 private:
  // ---- frames

  void receive() {
    const BatchPtr read = host_->lease(), batch = host_->lease();
    if (!read || !batch) return;
    std::span<const CapturedPacket> packets;
    uint64_t lost = 0;
    const int why = socket_.receive(*read, packets, lost);
    PortCounters& counters = host_->counters();
    if (lost != 0) counters.kernel_drops.add(lost);
    if (why == EINVAL) {
      // The kernel has taken out, and lost, one packet whose offload virtio-net has no words for.
      counters.rx_frames.add(1);
      counters.drop(RxDrop::bad_offload);
      return;
    }
    if (why != 0) {
      counters.last_errno.set(static_cast<uint64_t>(why));
      return look_again();
    }
    for (const CapturedPacket& packet : packets) {
      FrameMeta meta;
      meta.time_ns = host_->wall_ns();
      meta.length = packet.length;
      meta.offset = packet.offset;
      if (packet.in_spill == 0) {
        take(*read, meta, packet);
        continue;
      }
      host_->deliver(*read);  // what came before it
      meta.offset = socket_.unspill(packet, *read, *batch);
      take(*batch, meta, packet);
      host_->deliver(*batch);
    }
    host_->deliver(*read);
  }

  void take(FrameBatch& batch, FrameMeta meta, const CapturedPacket& packet) {
    PortCounters& counters = host_->counters();
    std::optional<RxDrop> why = RxDrop::oversize;
    if (!packet.truncated) why = frame_of_packet(batch.slab(), meta, packet.offload, packet.auxiliary);
    if (!why && carries_itself({batch.slab() + meta.offset, meta.length})) why = RxDrop::own_echo;
    counters.rx_frames.add(wire_frames(meta));
    counters.rx_octets.add(wire_octets(meta));
    if (is_super_frame(meta)) counters.rx_super_frames.add(1);
    if (why) return counters.drop(*why, wire_frames(meta));
    batch.push(meta.offset, meta.length) = meta;
  }

  // ---- the interface

  // Listens to an interface, or waits until it is up.
  Result<> adopt(int index, bool up, uint32_t mtu) {
    const auto type = link_type_of(name_);
    if (!type) return type.error();
    if (!is_ethernet(type.value())) {
      return Error::bad_field(
          "interface", "interface " + name_ + " carries no Ethernet (link type " +
                           std::to_string(type.value()) +
                           "): a pcap port takes Ethernet devices and lo; what a tunnel carries is seen "
                           "in its envelopes on the interface below it");
    }
    index_ = index;
    note_mtu(mtu);
    // First of all: whoever may not capture hears so, and in our words.
    if (auto made = socket_.open(); !made) return made;
    const auto done = listen(up, type.value() == kLoopbackType);
    if (!done || !told_up_) socket_.close();
    return done;
  }

  Result<> listen(bool up, bool loopback) {
    if (!options_.filter.empty() && !filter_) {
      auto compiled = compile_filter(options_.filter, name_, options_.optimize);
      if (!compiled) return compiled.error();
      filter_ = std::move(compiled.value());
      if (filter_) {
        host_->note("filter", std::to_string(filter_->size()) + " instructions in the kernel");
        if (const auto by = check_filter(options_.filter)) host_->note("filter_compiler", by.value());
      }
    }
    const bool ready = options_.filter.empty() || filter_;
    if (up && ready) {
      CaptureWish wish{.interface_index = index_,
                       .interface_name = name_,
                       .loopback = loopback,
                       .promisc = options_.promisc,
                       .buffer = options_.sizes.buffer};
      if (filter_) wish.filter = *filter_;
      if (auto listening = socket_.listen(*host_, wish); !listening) return listening;
      if (auto watched = host_->watch(socket_.fd(), EPOLLIN); !watched) return watched;
    }
    tell(up && ready);
    return {};
  }

  void release() noexcept {
    if (!socket_.is_open()) return;
    host_->unwatch(socket_.fd());
    socket_.close();
  }

  void note_mtu(uint32_t mtu) {
    if (mtu == 0 || mtu == mtu_) return;
    mtu_ = mtu;
    host_->note("mtu", std::to_string(mtu));
  }

  void follow(const AddressChange& change) {
    switch (change.what) {
      case AddressChange::What::missed:
        return look_again();
      case AddressChange::What::link_changed:
        if (change.interface_index == index_ || (index_ == 0 && change.name == name_)) look_again();
        return;
      case AddressChange::What::link_removed:
        if (change.interface_index == index_) look_again();
        return;
      default:
        return;
    }
  }

  // What the kernel says now: news may be older than that.
  void look_again() {
    if (closed_) return;
    if (index_ != 0) {
      const auto link = look_up_link({}, index_);
      if (!link) return;
      if (link.value()) return refresh(*link.value());
      // Deleted, or moved to another namespace: the socket would hear nothing there any more.
      release();
      index_ = 0;
      down_ = "gone";
      tell(false);
    }
    // Another one of that name is as good: an adapter was plugged in again, a guest's tap was made anew.
    const auto link = look_up_link(name_);
    if (link && link.value()) refresh(*link.value());
  }

  void refresh(const LinkInfo& link) {
    const bool up = (link.flags & IFF_UP) != 0;
    if (link.name != name_) host_->note("interface", link.name);
    name_ = link.name;
    note_mtu(link.mtu);
    down_ = "down";
    // A socket of ours outlives its interface's being down.
    if (socket_.is_open() || !up) return tell(up);
    const auto adopted = adopt(link.index, up, link.mtu);
    if (adopted) {
      if (socket_.is_open()) host_->counters().reopened.add(1);
      return;
    }
    const int why = adopted.error().os_errno;
    if (why == ENODEV || why == ENXIO || why == ENETDOWN) return tell(false);  // gone again already
    closed_ = true;
    host_->report({PortState::closed, "interface", adopted.error().message, why});
  }

  void tell(bool up) {
    if (up == told_up_) return;
    told_up_ = up;
    if (up) {
      host_->report({PortState::up, "up", "interface " + name_ + " is heard again", 0});
    } else if (index_ == 0) {
      host_->report({PortState::degraded, down_,
                     "interface " + name_ + " is gone: it is heard again when there is one of that name",
                     ENODEV});
    } else {
      host_->report({PortState::degraded, down_,
                     "interface " + name_ + " is down: sudo ip link set dev " + name_ + " up", ENETDOWN});
    }
  }

  static constexpr uint16_t kLoopbackType = 772;  // ARPHRD_LOOPBACK

  const PcapOptions options_;
  PortHost* host_ = nullptr;
  std::string name_;  // as it is called now
  int index_ = 0;     // 0: gone
  uint32_t mtu_ = 0;
  std::optional<FilterProgram> filter_;
  CaptureSocket socket_;
  AddressWatch watch_;
  const char* down_ = "down";
  bool told_up_ = true;
  bool closed_ = false;
};

}  // namespace

Result<std::unique_ptr<Port>> make_pcap_port(const Config& config) {
  PcapOptions options;
  auto interface = config.text("interface");
  if (!interface) return interface.error();
  options.interface = interface.value();
  if (config.has("filter")) {
    auto filter = config.text("filter");
    if (!filter) return filter.error();
    options.filter = filter.value();
  }
  for (const auto& [key, into] :
       {std::pair{"promisc", &options.promisc}, std::pair{"optimize", &options.optimize}}) {
    auto flag = config.flag(key);
    if (!flag) return flag.error();
    *into = flag.value();
  }
  auto sizes = read_frame_options(config);
  if (!sizes) return sizes.error();
  options.sizes = sizes.value();
  return std::unique_ptr<Port>(std::make_unique<PcapPort>(std::move(options)));
}

}  // namespace ethercast
