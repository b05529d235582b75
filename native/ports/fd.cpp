#include "ports/fd.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <optional>
#include <string>

#include "engine/frame_options.h"
#include "engine/inherited_fd.h"
#include "engine/packet_socket.h"
#include "engine/socket_buffers.h"

namespace ethercast {

namespace {

struct FdOptions {
  std::optional<int> number;  // none: a new pair
  int type = SOCK_SEQPACKET;
  FrameOptions packets;
};

class FdPort final : public Port {
 public:
  explicit FdPort(FdOptions options) : options_(options) {}
  ~FdPort() override { close(); }

  Caps caps() const noexcept override { return {.max_frame = options_.packets.max_frame}; }

  Result<> open(PortHost& host) override {
    host_ = &host;
    if (options_.packets.mtu != 0) host.tell_path_mtu(options_.packets.mtu);
    auto socket = options_.number ? inherit_packet_socket(*options_.number) : make_pair();
    if (!socket) return socket.error();
    return packets_.open(host, std::move(socket.value()), options_.packets.buffer);
  }

  void on_ready(int, uint32_t events) override {
    if (packets_.on_ready(events) == PacketSocket::Peer::gone || packets_.peer_is_gone()) left();
  }
  void on_timer(uint64_t) override {}
  TxResult transmit(const FrameBatch& batch, Picks picks) noexcept override {
    const TxResult result = packets_.transmit(batch, picks);
    if (packets_.peer_is_gone()) left();
    return result;
  }

  // Only when no copy is left here does the peer's end show.
  void release_peer() noexcept override {
    if (!peer_) return;
    peer_.reset();
    host_->note("peer_descriptor", "handed over");
  }

  void close() noexcept override {
    peer_.reset();
    packets_.close(TxDrop::closed);
  }

 private:
  Result<Fd> make_pair() {
    int ends[2];
    if (socketpair(AF_UNIX, options_.type | SOCK_CLOEXEC, 0, ends) != 0) {
      return Error::os(errno, "socketpair", "a pair of sockets can't be made");
    }
    Fd ours(ends[0]);
    peer_.reset(ends[1]);
    // What the peer sends is on the account of its own end.
    const int buffer = options_.packets.buffer != 0 ? options_.packets.buffer : kDefaultPacketBuffer;
    set_buffer(peer_.get(), SO_SNDBUF, std::max(buffer, kLeastSendBuffer));
    host_->note("peer_descriptor", std::to_string(peer_.get()));
    return ours;
  }

  void left() noexcept {
    if (told_) return;
    told_ = true;
    host_->report({PortState::closed, "peer", "the program at the other end has closed it, or has ended", 0});
  }

  const FdOptions options_;
  PortHost* host_ = nullptr;
  PacketSocket packets_{std::make_shared<PacketScratch>()};
  Fd peer_;
  bool told_ = false;
};

}  // namespace

Result<std::unique_ptr<Port>> make_fd_port(const Config& config) {
  FdOptions options;
  if (config.has("fd")) {
    auto number = config.integer("fd", 0, INT_MAX);
    if (!number) return number.error();
    options.number = static_cast<int>(number.value());
  }
  if (config.has("type")) {
    auto type = config.text("type");
    if (!type) return type.error();
    if (type.value() != "seqpacket" && type.value() != "dgram") {
      return Error::bad_field("type", "type " + type.value() + " is unknown: allowed are seqpacket, dgram");
    }
    options.type = type.value() == "dgram" ? SOCK_DGRAM : SOCK_SEQPACKET;
  }
  auto packets = read_frame_options(config);
  if (!packets) return packets.error();
  options.packets = packets.value();
  return std::unique_ptr<Port>(std::make_unique<FdPort>(options));
}

}  // namespace ethercast
