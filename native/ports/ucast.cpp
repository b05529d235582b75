#include "ports/ucast.h"

#include <string>

#include "engine/udp_cable.h"

namespace ethercast {

namespace {

bool is_loopback(const SockAddr& address) noexcept {
  if (address.is_v6()) return IN6_IS_ADDR_LOOPBACK(&address.v6.sin6_addr);
  return (ntohl(address.v4.sin_addr.s_addr) >> 24) == 127;
}

class UcastPort final : public Port {
 public:
  UcastPort(UdpCable::Ends ends, const UdpOptions& options) : cable_(std::move(ends), options) {}
  ~UcastPort() override { close(); }

  Caps caps() const noexcept override { return cable_.caps(); }
  Result<> open(PortHost& host) override { return cable_.open(host); }
  void on_ready(int fd, uint32_t events) override { cable_.on_ready(fd, events); }
  void on_timer(uint64_t) override { cable_.on_timer(); }
  TxResult transmit(const FrameBatch& batch, Picks picks) noexcept override {
    return cable_.transmit(batch, picks);
  }
  void close() noexcept override { cable_.close(); }

 private:
  UdpCable cable_;
};

}  // namespace

Result<std::unique_ptr<Port>> make_ucast_port(const Config& config) {
  UdpCable::Ends ends;
  auto listen_port = config.integer("listenPort", 1, 65535);
  if (!listen_port) return listen_port.error();
  auto remote_port = config.integer("remotePort", 1, 65535);
  if (!remote_port) return remote_port.error();
  auto text = config.text("remote");
  if (!text) return text.error();
  auto remote = SockAddr::parse("remote", text.value(), static_cast<uint16_t>(remote_port.value()));
  if (!remote) return remote.error();
  ends.remote = remote.value();
  if (ends.remote.is_multicast() || ends.remote.is_wildcard()) {
    return Error::bad_field("remote",
                            "remote " + text.value() + " is not one host's address (for a group: mcast)");
  }
  if (config.has("interface")) {
    auto interface = config.text("interface");
    if (!interface) return interface.error();
    ends.interface = interface.value();
  }
  // A remote on this host needs nobody else to reach us.
  ends.local = is_loopback(ends.remote) ? ends.remote : SockAddr::wildcard(ends.remote.family(), 0);
  ends.local.set_port(static_cast<uint16_t>(listen_port.value()));
  auto udp = read_udp_options(config, ends.remote.is_v6());
  if (!udp) return udp.error();
  return std::unique_ptr<Port>(std::make_unique<UcastPort>(std::move(ends), udp.value()));
}

}  // namespace ethercast
