#include "ports/host.h"

#include <sys/epoll.h>

#include "core/ether.h"

namespace ethercast {

namespace {

class HostPort final : public Port {
 public:
  explicit HostPort(HostPortOptions options)
      : options_(std::move(options)), writer_(options_.to_program), reader_(options_.from_program) {}
  ~HostPort() override { close(); }

  Caps caps() const noexcept override { return {.max_frame = options_.max_frame}; }

  Result<> open(PortHost& host) override {
    host_ = &host;
    if (auto watched = host.watch(options_.bell->fd(), EPOLLIN); !watched) return watched;
    // The first look finds what was written before the port was open, and says afterwards that it sleeps.
    options_.bell->ring_mt();
    return {};
  }

  void on_ready(int, uint32_t) override {
    BatchPtr batch = host_->lease();
    if (!batch) return;
    uint64_t octets = 0;
    bool drained = false;
    while (!batch->full()) {
      std::span<const uint8_t> frame;
      const RingReader::Next next = reader_.next(options_.max_frame, frame);
      if (next != RingReader::Next::frame) {
        drained = true;
        if (next == RingReader::Next::bad) {
          host_->counters().rx_frames.add(1);
          host_->counters().drop(RxDrop::bad_ring);
        }
        break;
      }
      if (!batch->append(frame, host_->wall_ns())) break;
      octets += frame.size();
      reader_.advance();
    }
    host_->counters().rx_frames.add(batch->size());
    host_->counters().rx_octets.add(octets);
    // The octets are in the batch: the program may have its space back before they travel on.
    if (reader_.release()) options_.wake_program();
    if (drained) {
      options_.bell->clear();
      if (!reader_.sleep()) options_.bell->ring_mt();
    }
    host_->deliver(*batch);
  }

  void on_timer(uint64_t) override {}

  TxResult transmit(const FrameBatch& batch, Picks picks) noexcept override {
    TxResult result;
    uint64_t octets = 0;
    for (const uint16_t index : picks) {
      const FrameMeta& meta = batch.meta(index);
      if (writer_.write(batch.octets(index), meta.ingress, meta.time_ns)) {
        ++result.sent;
        octets += meta.length;
      } else {
        ++result.dropped;
      }
    }
    PortCounters& counters = host_->counters();
    counters.tx_frames.add(result.sent);
    counters.tx_octets.add(octets);
    if (result.dropped != 0) counters.drop(TxDrop::ring_full, result.dropped);
    if (writer_.publish()) options_.wake_program();
    return result;
  }

  void close() noexcept override {
    if (host_ == nullptr) return;
    host_->unwatch(options_.bell->fd());
    host_ = nullptr;
    // Given back last: who else holds it sees thereby that nothing here touches the rings any more.
    options_.bell.reset();
  }

 private:
  HostPortOptions options_;
  PortHost* host_ = nullptr;
  RingWriter writer_;
  RingReader reader_;
};

}  // namespace

Result<std::unique_ptr<Port>> make_host_port(HostPortOptions options) {
  if (!options.to_program.valid() || !options.from_program.valid()) {
    return Error::bad_field("ring",
                            "a frame ring is 256 octets and a power of two from 64 KiB to 1 GiB, 8-aligned");
  }
  const uint32_t longest = std::min(ring::max_frame(options.to_program.capacity()),
                                    ring::max_frame(options.from_program.capacity()));
  if (options.max_frame < kEtherHeader || options.max_frame > kMaxFrame || options.max_frame > longest) {
    return Error::bad_field("maxFrame", "maxFrame " + std::to_string(options.max_frame) +
                                            " is out of range: allowed are " + std::to_string(kEtherHeader) +
                                            " to " + std::to_string(std::min(longest, kMaxFrame)) +
                                            " with rings of this size");
  }
  return std::unique_ptr<Port>(std::make_unique<HostPort>(std::move(options)));
}

}  // namespace ethercast
