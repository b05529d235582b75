#include "ports/bess.h"

#include <string>
#include <utility>

#include "core/backoff.h"
#include "engine/acceptor.h"
#include "engine/frame_options.h"
#include "engine/packet_socket.h"
#include "engine/unix_socket.h"

namespace ethercast {

namespace {

constexpr uint32_t kUsualClients = 1024;

struct BessOptions {
  std::string path;
  FrameOptions packets;
  UnixAccess access;
  uint32_t clients = kUsualClients;
  bool reconnect = true;
  bool wait = false;
};

// One client of a listener.
class BessChild final : public Port {
 public:
  BessChild(Fd socket, const BessOptions& options, Seat seat, std::shared_ptr<PacketScratch> scratch)
      : options_(options.packets),
        accepted_(std::move(socket)),
        seat_(std::move(seat)),
        packets_(std::move(scratch)) {}
  ~BessChild() override { close(); }

  Caps caps() const noexcept override { return {.max_frame = options_.max_frame}; }

  Result<> open(PortHost& host) override {
    host_ = &host;
    if (options_.mtu != 0) host.tell_path_mtu(options_.mtu);
    host.note("peer", peer_credentials(accepted_.get()).text());
    return packets_.open(host, std::move(accepted_), options_.buffer);
  }
  void on_ready(int, uint32_t events) override {
    if (packets_.on_ready(events) == PacketSocket::Peer::there) return;
    host_->report({PortState::closed, "peer", "the client has left", 0});
  }
  void on_timer(uint64_t) override {}
  TxResult transmit(const FrameBatch& batch, Picks picks) noexcept override {
    return packets_.transmit(batch, picks);
  }
  void close() noexcept override {
    packets_.close(TxDrop::closed);
    accepted_.reset();
  }

 private:
  const FrameOptions options_;
  Fd accepted_;
  const Seat seat_;
  PacketSocket packets_;
  PortHost* host_ = nullptr;
};

class BessListener final : public Port, AcceptorClients {
 public:
  explicit BessListener(BessOptions options)
      : options_(std::move(options)),
        acceptor_({.spec = "bess,listen=" + options_.path, .clients = options_.clients}) {}
  ~BessListener() override { close(); }

  Caps caps() const noexcept override { return {.listener = true}; }

  Result<> open(PortHost& host) override {
    auto made = unix_listen(SOCK_SEQPACKET, options_.path, options_.access);
    if (!made) return made.error();
    return acceptor_.open(host, std::move(made.value()));
  }
  void on_ready(int, uint32_t) override { acceptor_.accept(*this); }
  void on_timer(uint64_t) override { acceptor_.on_timer(*this); }
  TxResult transmit(const FrameBatch&, Picks) noexcept override { return {}; }
  void close() noexcept override { acceptor_.close(); }

 private:
  void take(Fd client, std::string who) override {
    acceptor_.admit(who, [&](Seat seat) {
      return std::make_unique<BessChild>(std::move(client), options_, std::move(seat), scratch_);
    });
  }

  const BessOptions options_;
  Acceptor acceptor_;
  std::shared_ptr<PacketScratch> scratch_ = std::make_shared<PacketScratch>();
};

class BessClient final : public Port {
 public:
  explicit BessClient(BessOptions options) : options_(std::move(options)) {}
  ~BessClient() override { close(); }

  Caps caps() const noexcept override { return {.max_frame = options_.packets.max_frame}; }

  Result<> open(PortHost& host) override {
    host_ = &host;
    if (options_.packets.mtu != 0) host.tell_path_mtu(options_.packets.mtu);
    auto connected = connect();
    if (connected || !options_.wait) return connected;
    host.report(
        {PortState::opening, "peer", "waits: " + connected.error().message, connected.error().os_errno});
    try_later();
    return {};
  }

  void on_ready(int fd, uint32_t events) override {
    if (fd != packets_.fd() || packets_.on_ready(events) == PacketSocket::Peer::there) return;
    packets_.close(TxDrop::no_peer);
    const std::string text = options_.path + ": whoever listened there has closed the connection";
    if (!options_.reconnect) return host_->report({PortState::closed, "peer", text, 0});
    // One that takes connections only to end them is no peer that came back.
    if (host_->now_ns() - connected_ns_ >= Backoff::kLongest_ns) backoff_.reset();
    host_->report({PortState::reconnecting, "peer", text, 0});
    try_later();
  }

  void on_timer(uint64_t) override {
    if (packets_.is_open()) return;
    const bool again = connected_ns_ != 0;
    if (!connect()) return try_later();
    if (again) host_->counters().reconnects.add(1);
    host_->report({PortState::up, "peer", options_.path + (again ? ": connected again" : ": connected"), 0});
  }

  TxResult transmit(const FrameBatch& batch, Picks picks) noexcept override {
    if (packets_.is_open()) return packets_.transmit(batch, picks);
    host_->counters().drop(TxDrop::no_peer, picks.size());
    return {.dropped = static_cast<uint32_t>(picks.size())};
  }

  void close() noexcept override { packets_.close(TxDrop::closed); }

 private:
  Result<> connect() {
    auto made = unix_socket(SOCK_SEQPACKET);
    if (!made) return made.error();
    if (auto connected = unix_connect(made.value().get(), options_.path); !connected) return connected;
    connected_ns_ = host_->now_ns();
    return packets_.open(*host_, std::move(made.value()), options_.packets.buffer);
  }
  void try_later() { host_->arm(host_->now_ns() + backoff_.next_ns()); }

  const BessOptions options_;
  PortHost* host_ = nullptr;
  PacketSocket packets_{std::make_shared<PacketScratch>()};
  Backoff backoff_;
  uint64_t connected_ns_ = 0;  // when it last was; 0: never
};

Result<BessOptions> read_options(const Config& config, bool listens) {
  BessOptions options;
  auto path = config.text(listens ? "listen" : "connect");
  if (!path) return path.error();
  options.path = path.value();
  if (const auto address = unix_address(options.path); !address) return address.error();
  auto packets = read_frame_options(config);
  if (!packets) return packets.error();
  options.packets = packets.value();
  if (config.has("clients")) {
    auto clients = config.integer("clients", 1, kMostClients);
    if (!clients) return clients.error();
    options.clients = static_cast<uint32_t>(clients.value());
  }
  for (const auto& [key, flag] : {std::pair{"reconnect", &options.reconnect}, {"wait", &options.wait}}) {
    if (auto read = config.flag_into(key, *flag); !read) return read.error();
  }
  auto access = read_unix_access(config);
  if (!access) return access.error();
  options.access = access.value();
  return options;
}

}  // namespace

Result<std::unique_ptr<Port>> make_bess_port(const Config& config) {
  const bool listens = config.has("listen");
  if (listens == config.has("connect")) {
    return Error::bad_field("listen", "one of listen and connect is wanted, and not both");
  }
  auto options = read_options(config, listens);
  if (!options) return options.error();
  if (listens) return std::unique_ptr<Port>(std::make_unique<BessListener>(std::move(options.value())));
  return std::unique_ptr<Port>(std::make_unique<BessClient>(std::move(options.value())));
}

}  // namespace ethercast
