#include "ports/bess.h"

#include <sys/epoll.h>

#include <cerrno>
#include <string>
#include <utility>

#include "core/backoff.h"
#include "engine/packet_socket.h"
#include "engine/unix_socket.h"

namespace ethercast {

namespace {

// What listen() lets wait, octets of nothing: connections that were not yet accepted.
constexpr int kBacklog = 128;
// Accepted in one go; the others have their turn first.
constexpr int kAcceptsAtOnce = 16;
constexpr int64_t kMostClients = 60'000;
constexpr uint32_t kUsualClients = 1024;
// Nobody but the owner, unless the spec says otherwise: whoever may write to the socket is on the LAN.
constexpr mode_t kUsualMode = 0600;

struct BessOptions {
  std::string path;
  PacketOptions packets;
  UnixAccess access;
  uint32_t clients = kUsualClients;
  bool reconnect = true;
  bool wait = false;
};

// How many clients a listener has; they outlive it for a moment.
using ClientCount = std::shared_ptr<uint32_t>;

// One client of a listener.
class BessChild final : public Port {
 public:
  BessChild(Fd socket, const BessOptions& options, ClientCount count, std::shared_ptr<PacketScratch> scratch)
      : options_(options.packets),
        accepted_(std::move(socket)),
        count_(std::move(count)),
        packets_(std::move(scratch)) {
    ++*count_;
  }
  ~BessChild() override { close(); }

  Caps caps() const noexcept override { return {.max_frame = options_.max_frame()}; }

  Result<> open(PortHost& host) override {
    host_ = &host;
    if (options_.mtu != 0) host.tell_path_mtu(options_.mtu);
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
    if (count_) --*count_;
    count_.reset();
  }

 private:
  const PacketOptions options_;
  Fd accepted_;
  ClientCount count_;
  PacketSocket packets_;
  PortHost* host_ = nullptr;
};

class BessListener final : public Port {
 public:
  explicit BessListener(BessOptions options) : options_(std::move(options)) {}
  ~BessListener() override { close(); }

  Caps caps() const noexcept override { return {.listener = true}; }

  Result<> open(PortHost& host) override {
    host_ = &host;
    auto made = unix_socket(SOCK_SEQPACKET);
    if (!made) return made.error();
    socket_ = std::move(made.value());
    auto bound = UnixName::bind(socket_.get(), SOCK_SEQPACKET, options_.path, options_.access);
    if (!bound) return bound.error();
    name_ = std::move(bound.value());
    if (listen(socket_.get(), kBacklog) != 0) {
      return Error::os(errno, "listen", options_.path + ": can't be listened on");
    }
    if (name_.replaced_stale()) host.note("replaced", "a dead socket, left by a program that has ended");
    host.note("listens_on", options_.path);
    return host.watch(socket_.get(), EPOLLIN);
  }

  void on_ready(int, uint32_t) override {
    for (int i = 0; i < kAcceptsAtOnce; ++i) {
      Fd client(accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (client) {
        take(std::move(client));
        continue;
      }
      if (errno == EAGAIN) break;
      // Gone before it was taken.
      if (errno == EINTR || errno == ECONNABORTED) continue;
      return pause(errno);
    }
    if (!paused_) return;
    paused_ = false;
    backoff_.reset();
    host_->report({PortState::up, "descriptors", "new clients are taken again", 0});
  }

  void on_timer(uint64_t) override {
    (void)host_->watch(socket_.get(), EPOLLIN);
    on_ready(socket_.get(), EPOLLIN);
  }

  TxResult transmit(const FrameBatch&, Picks) noexcept override { return {}; }

  void close() noexcept override {
    if (host_ == nullptr) return;
    if (socket_) host_->unwatch(socket_.get());
    name_.remove();
    socket_.reset();
    host_ = nullptr;
  }

 private:
  void take(Fd client) {
    if (*count_ >= options_.clients) return host_->counters().refused_clients.add(1);
    ucred who{};
    socklen_t length = sizeof who;
    getsockopt(client.get(), SOL_SOCKET, SO_PEERCRED, &who, &length);
    std::string name = "bess,listen=" + options_.path + " client " + std::to_string(++last_) + " (";
    // No pid: it is in a namespace that is not seen from here.
    if (who.pid != 0) name += "pid " + std::to_string(who.pid) + ", ";
    name += "uid " + std::to_string(who.uid) + ")";
    auto child = std::make_unique<BessChild>(std::move(client), options_, count_, scratch_);
    if (!host_->adopt(std::move(child), std::move(name))) host_->counters().refused_clients.add(1);
  }

  // Clients stay in the backlog until there are descriptors again; to look at once would be to spin.
  void pause(int why) {
    host_->unwatch(socket_.get());
    host_->arm(host_->now_ns() + backoff_.next_ns());
    host_->counters().last_errno.set(static_cast<uint64_t>(why));
    if (std::exchange(paused_, true)) return;
    host_->report({PortState::degraded, "descriptors",
                   "no descriptor for another client: raise the limit (ulimit -n); those that wait are taken "
                   "when there is one",
                   why});
  }

  const BessOptions options_;
  PortHost* host_ = nullptr;
  Fd socket_;
  UnixName name_;
  Backoff backoff_;
  bool paused_ = false;
  uint32_t last_ = 0;  // number of the newest client
  ClientCount count_ = std::make_shared<uint32_t>(0);
  std::shared_ptr<PacketScratch> scratch_ = std::make_shared<PacketScratch>();
};

class BessClient final : public Port {
 public:
  explicit BessClient(BessOptions options) : options_(std::move(options)) {}
  ~BessClient() override { close(); }

  Caps caps() const noexcept override { return {.max_frame = options_.packets.max_frame()}; }

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
  auto packets = read_packet_options(config);
  if (!packets) return packets.error();
  options.packets = packets.value();
  if (config.has("clients")) {
    auto clients = config.integer("clients", 1, kMostClients);
    if (!clients) return clients.error();
    options.clients = static_cast<uint32_t>(clients.value());
  }
  for (const auto& [key, flag] : {std::pair{"reconnect", &options.reconnect}, {"wait", &options.wait}}) {
    if (!config.has(key)) continue;
    auto value = config.flag(key);
    if (!value) return value.error();
    *flag = value.value();
  }
  auto access = read_unix_access(config);
  if (!access) return access.error();
  options.access = access.value();
  if (!options.access.mode) options.access.mode = kUsualMode;
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
