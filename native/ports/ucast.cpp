#include "ports/ucast.h"

#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "engine/address_watch.h"
#include "engine/datagram_reader.h"
#include "engine/datagram_sender.h"
#include "engine/interfaces.h"
#include "engine/udp_path.h"
#include "engine/udp_socket.h"

namespace ethercast {

namespace {

struct UcastOptions {
  SockAddr remote;
  uint16_t listen_port = 0;
  std::string interface;  // empty: as the route to the remote goes
  UdpOptions udp{};
};

bool is_loopback(const SockAddr& address) noexcept {
  if (address.is_v6()) return IN6_IS_ADDR_LOOPBACK(&address.v6.sin6_addr);
  return (ntohl(address.v4.sin_addr.s_addr) >> 24) == 127;
}

// One socket for both ways, not connected: a remote that is not there yet answers with ICMP errors, which a
// connected socket would hand back as failures of the next send.
class UcastPort final : public Port, SenderJudge, SendRecovery {
 public:
  explicit UcastPort(UcastOptions options) : options_(std::move(options)), remote_(options_.remote) {}
  ~UcastPort() override { close(); }

  Caps caps() const noexcept override {
    return {.max_frame = options_.udp.max_frame,
            .takes = options_.udp.offload ? kTakesSuperFrames : uint16_t{0}};
  }

  Result<> open(PortHost& host) override {
    host_ = &host;
    sender_.emplace(host, static_cast<SendRecovery&>(*this), options_.udp.offload);
    path_.emplace(host, *sender_, reader_, options_.udp, options_.remote.is_v6());
    auto made = udp_socket(options_.remote.family());
    if (!made) return made.error();
    socket_ = std::move(made.value());

    if (!options_.interface.empty()) {
      auto interface = find_interface(options_.interface);
      if (!interface) return interface.error();
      interface_index_ = interface.value().index;
      const std::string& name = interface.value().name;
      if (setsockopt(socket_.get(), SOL_SOCKET, SO_BINDTODEVICE, name.c_str(),
                     static_cast<socklen_t>(name.size())) != 0) {
        return Error::os(errno, "setsockopt", "can't bind to interface " + name);
      }
      host.note("interface", name);
      // A link-local address says nothing without its link.
      if (remote_.is_v6()) remote_.v6.sin6_scope_id = static_cast<uint32_t>(interface_index_);
    }
    // A remote on this host needs nobody else to reach us. No SO_REUSEADDR: unicast datagrams go to just one
    // of the sockets that share a port, and the other would wonder.
    SockAddr local =
        is_loopback(options_.remote) ? options_.remote : SockAddr::wildcard(options_.remote.family(), 0);
    (local.is_v6() ? local.v6.sin6_port : local.v4.sin_port) = htons(options_.listen_port);
    if (auto bound = bind_socket(socket_.get(), local); !bound) return bound;
    host.note("listens_on", local.text() + " port " + std::to_string(options_.listen_port));

    size_receive_buffer(host, socket_.get(), options_.udp.buffer);
    size_send_buffer(socket_.get(), options_.udp.buffer);
    reader_.use(socket_.get(), host, options_.udp.offload);
    sender_->use(socket_.get(), &remote_, EPOLLIN);
    follow_route();
    if (auto opened = watch_.open(); !opened) return opened;
    if (auto watched = host.watch(watch_.fd(), EPOLLIN); !watched) return watched;
    return host.watch(socket_.get(), EPOLLIN);
  }

  void on_ready(int fd, uint32_t events) override {
    if (fd == watch_.fd()) {
      if (!watch_.read().empty()) follow_route();
      return;
    }
    if ((events & EPOLLOUT) != 0) sender_->flush();
    if ((events & (EPOLLIN | EPOLLERR)) != 0) reader_.receive(fd, *host_, *this);
  }
  void on_timer(uint64_t) override { sender_->flush(); }
  TxResult transmit(const FrameBatch& batch, Picks picks) noexcept override {
    return sender_->transmit(batch, picks);
  }

  void close() noexcept override {
    if (host_ == nullptr) return;
    if (sender_) sender_->close();
    for (const int fd : {socket_.get(), watch_.fd()}) {
      if (fd >= 0) host_->unwatch(fd);
    }
    socket_.reset();
    watch_.close();
    host_ = nullptr;
  }

 private:
  // UML takes datagrams from anybody here; we take the remote's alone, and count the others where they can be
  // seen.
  std::optional<RxDrop> judge(const SockAddr& sender) noexcept override {
    if (sender == remote_) return std::nullopt;
    return RxDrop::not_peer;
  }
  bool recover(int) noexcept override { return false; }

  // What the route to the remote carries now. Without a route nothing leaves, and nothing is known.
  void follow_route() {
    if (const auto route = route_to(remote_, interface_index_)) path_->follow(route.value().mtu);
  }

  const UcastOptions options_;
  SockAddr remote_;
  PortHost* host_ = nullptr;
  int interface_index_ = 0;  // 0: as the route goes
  Fd socket_;
  AddressWatch watch_;
  DatagramReader reader_;
  std::optional<DatagramSender> sender_;
  std::optional<UdpPath> path_;
};

}  // namespace

Result<std::unique_ptr<Port>> make_ucast_port(const Config& config) {
  UcastOptions options;
  auto listen_port = config.integer("listenPort", 1, 65535);
  if (!listen_port) return listen_port.error();
  options.listen_port = static_cast<uint16_t>(listen_port.value());
  auto remote_port = config.integer("remotePort", 1, 65535);
  if (!remote_port) return remote_port.error();
  auto text = config.text("remote");
  if (!text) return text.error();
  auto remote = SockAddr::parse("remote", text.value(), static_cast<uint16_t>(remote_port.value()));
  if (!remote) return remote.error();
  options.remote = remote.value();
  if (options.remote.is_multicast() || options.remote.is_wildcard()) {
    return Error::bad_field("remote",
                            "remote " + text.value() + " is not one host's address (for a group: mcast)");
  }
  if (config.has("interface")) {
    auto interface = config.text("interface");
    if (!interface) return interface.error();
    options.interface = interface.value();
  }
  auto udp = read_udp_options(config, options.remote.is_v6());
  if (!udp) return udp.error();
  options.udp = udp.value();
  return std::unique_ptr<Port>(std::make_unique<UcastPort>(std::move(options)));
}

}  // namespace ethercast
