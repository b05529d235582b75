#include "ports/dgram.h"

#include <string>

#include "engine/frame_options.h"
#include "engine/stream_socket.h"
#include "engine/udp_cable.h"
#include "engine/unix_cable.h"

namespace ethercast {

namespace {

class UdpDgramPort final : public Port {
 public:
  UdpDgramPort(UdpCable::Ends ends, const UdpOptions& options) : cable_(std::move(ends), options) {}
  ~UdpDgramPort() override { close(); }

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

class UnixDgramPort final : public Port {
 public:
  UnixDgramPort(UnixCable::Options options, uint32_t max_frame)
      : max_frame_(max_frame), cable_(std::move(options)) {}
  ~UnixDgramPort() override { close(); }

  Caps caps() const noexcept override { return {.max_frame = max_frame_, .shallow = true}; }
  Result<> open(PortHost& host) override { return cable_.open(host); }
  void on_ready(int fd, uint32_t events) override { cable_.on_ready(fd, events); }
  void on_timer(uint64_t now_ns) override { cable_.on_timer(now_ns); }
  TxResult transmit(const FrameBatch& batch, Picks picks) noexcept override {
    return cable_.transmit(batch, picks);
  }
  void close() noexcept override { cable_.close(); }

 private:
  const uint32_t max_frame_;
  UnixCable cable_;
};

Result<std::unique_ptr<Port>> make_unix_port(const Config& config, const std::string& local,
                                             const std::string& remote) {
  UnixCable::Options options{.local = local, .remote = remote, .access = {}};
  auto access = read_unix_access(config);
  if (!access) return access.error();
  options.access = access.value();
  auto sizes = read_frame_options(config);
  if (!sizes) return sizes.error();
  options.buffer = sizes.value().buffer;
  return std::unique_ptr<Port>(std::make_unique<UnixDgramPort>(std::move(options), sizes.value().max_frame));
}

}  // namespace

Result<std::unique_ptr<Port>> make_dgram_port(const Config& config) {
  auto local = read_stream_address(config, "local");
  if (!local) return local.error();
  auto remote = read_stream_address(config, "remote");
  if (!remote) return remote.error();
  if (local.value().is_path() != remote.value().is_path()) {
    return Error::bad_field("remote", "local and remote are both paths, or both HOST:PORT");
  }
  if (local.value().is_path()) return make_unix_port(config, local.value().path, remote.value().path);
  UdpCable::Ends ends{.local = local.value().inet, .remote = remote.value().inet, .interface = {}};
  if (ends.local.family() != ends.remote.family()) {
    return Error::bad_field("remote", "local and remote are both IPv4, or both IPv6");
  }
  if (ends.remote.is_wildcard()) {
    return Error::bad_field("remote", "remote " + remote.value().text + " is not one host's address");
  }
  auto udp = read_udp_options(config, ends.remote.is_v6());
  if (!udp) return udp.error();
  return std::unique_ptr<Port>(std::make_unique<UdpDgramPort>(std::move(ends), udp.value()));
}

}  // namespace ethercast
