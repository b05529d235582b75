// Octets as packets of a peer, over a socket pair into a bess-like port (fd: the same PacketSocket) in an
// engine without a thread, with another port behind it that answers now and then. Whatever the peer sends,
// frames arrive whole and in order, and every packet is counted.
#include <sys/socket.h>

#include <vector>

#include "core/ether.h"
#include "engine/engine.h"
#include "fuzz/input.h"
#include "ports/fd.h"

using namespace ethercast;
using namespace ethercast::fuzz;

namespace {

using Octets = std::vector<uint8_t>;

struct Observer final : EngineObserver {
  void on_port_opened(uint32_t, PortId, const std::string&, PortId, PortState,
                      std::shared_ptr<PortCounters> opened) override {
    counters.push_back(std::move(opened));
  }
  void on_port_failed(uint32_t, const Error&) override { failed = true; }
  void on_port_event(PortId, const PortEvent& event) override {
    if (event.state == PortState::closed) ++ends;
  }
  void on_port_note(PortId, const std::string&, const std::string&) override {}
  void on_port_closed(PortId) override {}

  std::vector<std::shared_ptr<PortCounters>> counters;
  bool failed = false;
  int ends = 0;
};

// Keeps what arrives.
class Sink final : public Port {
 public:
  explicit Sink(std::vector<Octets>& frames) : frames_(frames) {}
  Caps caps() const noexcept override { return {.max_frame = kMaxFrame}; }
  Result<> open(PortHost& host) override {
    host_ = &host;
    return {};
  }
  void on_ready(int, uint32_t) override {}
  void on_timer(uint64_t) override {}
  TxResult transmit(const FrameBatch& batch, Picks picks) noexcept override {
    for (const uint16_t index : picks) {
      const auto octets = batch.octets(index);
      frames_.emplace_back(octets.begin(), octets.end());
    }
    host_->counters().tx_frames.add(picks.size());
    return {.sent = static_cast<uint32_t>(picks.size())};
  }
  void close() noexcept override {}

 private:
  std::vector<Octets>& frames_;
  PortHost* host_ = nullptr;
};

// Lengths around those where something changes: nothing, a runt, a slot, the spill, the longest frame.
size_t length_of(uint8_t shape, Input& input) {
  constexpr size_t kLengths[] = {0, 1, 13, 14, 60, 1514, 1983, 1984, 1985, 9014, 65535, 65536, 70'000};
  if (shape < 128) return shape;
  if (shape < 220) return kLengths[shape % std::size(kLengths)];
  return input.number<uint16_t>();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input input(data, size);
  const uint8_t how = input.octet();
  const bool seqpacket = how % 2 == 0;
  int ends[2];
  ETHERCAST_MUST(socketpair(AF_UNIX, (seqpacket ? SOCK_SEQPACKET : SOCK_DGRAM) | SOCK_CLOEXEC, 0, ends) == 0);
  Fd ours(ends[0]), peer(ends[1]);

  Observer observer;
  std::vector<Octets> heard, expected;
  {
    Engine engine({.forwarding = Forwarding::hub}, observer);
    ETHERCAST_MUST(engine.open().ok());
    Config config;
    config.set("fd", int64_t{ours.get()});
    if (how % 4 >= 2) config.set("mtu", int64_t{1500});
    const uint32_t longest = how % 4 >= 2 ? 1518 : kMaxFrame;
    auto port = make_fd_port(config);
    ETHERCAST_MUST(port.ok());
    engine.add_port(1, std::move(port.value()), "fd");
    engine.add_port(2, std::make_unique<Sink>(heard), "sink");
    ETHERCAST_MUST(!observer.failed && observer.counters.size() == 2);
    const PortCounters& counters = *observer.counters[0];

    uint64_t sent = 0, octets_sent = 0;
    uint8_t filling = 0;
    while (!input.empty() && sent < 2000) {
      const uint8_t operation = input.octet();
      if (operation < 40) {
        engine.breathe(0);
        continue;
      }
      const size_t length = length_of(operation, input);
      Octets packet(length, ++filling);
      const auto start = input.run(std::min<size_t>(length, operation % 16));
      std::copy(start.begin(), start.end(), packet.begin());
      const ssize_t went = send(peer.get(), packet.data(), packet.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (went < 0) {
        engine.breathe(0);
        continue;
      }
      ++sent;
      octets_sent += length;
      if (length >= kEtherHeader && length <= longest) expected.push_back(std::move(packet));
    }
    // An empty packet before the end can't be told from it: something comes behind.
    const Octets last(60, 0xff);
    for (int i = 0; i < 100 && send(peer.get(), last.data(), last.size(), MSG_DONTWAIT) < 0; ++i)
      engine.breathe(0);
    expected.push_back(last);
    ours.reset();
    peer.reset();
    for (int i = 0; i < 200 && counters.rx_frames.get() < sent + 1; ++i) engine.breathe(0);
    for (int i = 0; i < 3; ++i) engine.breathe(0);

    ETHERCAST_MUST(counters.rx_frames.get() == sent + 1);
    ETHERCAST_MUST(counters.rx_octets.get() == octets_sent + last.size());
    uint64_t drops = 0;
    for (const Counter& each : counters.rx_drops) drops += each.get();
    ETHERCAST_MUST(counters.rx_frames.get() == counters.forwarded.get() + drops);
    ETHERCAST_MUST(observer.ends == (seqpacket ? 1 : 0));
  }
  ETHERCAST_MUST(heard == expected);
  return 0;
}
