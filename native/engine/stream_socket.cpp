#include "engine/stream_socket.h"

// The kernel's tcp_info has more fields than netinet/tcp.h's.
#include <linux/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>

#include "engine/socket_buffers.h"

namespace ethercast {

namespace {

// Signs of life on an idle TCP connection: the first after ten seconds, then every five; after four without
// an answer the peer is gone. So a peer that vanished (a cable, a crashed host) is noticed in half a minute.
constexpr int kKeepIdle_s = 10;
constexpr int kKeepInterval_s = 5;
constexpr int kKeepCount = 4;
constexpr uint32_t kSilence_ms = 30'000;

bool set(int fd, int level, int option, int value) noexcept {
  return setsockopt(fd, level, option, &value, sizeof value) == 0;
}

Result<Fd> tcp_socket(int family) {
  Fd fd(socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return Error::os(errno, "socket", "no TCP socket can be made");
  if (family == AF_INET6) set(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
  return fd;
}

SockAddr remote_address(int fd) noexcept {
  SockAddr address;
  address.length = sizeof address.storage;
  if (getpeername(fd, &address.any, &address.length) != 0) return SockAddr();
  return address;
}

std::string with_port(const SockAddr& address) {
  const std::string host = address.is_v6() ? "[" + address.text() + "]" : address.text();
  return host + ":" + std::to_string(address.port());
}

const char* tcp_advice(int error) noexcept {
  switch (error) {
    case ECONNREFUSED:
      return ": nobody listens there: start the other side first, or give wait=on";
    case ETIMEDOUT:
      return ": no answer: is the host up, and is no firewall between?";
    case ENETUNREACH:
    case EHOSTUNREACH:
      return ": there is no way to it: look at the routes (ip route get)";
    case EADDRNOTAVAIL:
      return ": no address or port of this host is left to connect from";
    case ECONNRESET:
      return ": the other side cut the connection";
    default:
      return ": can't be connected to";
  }
}

const char* listen_advice(int error) noexcept {
  switch (error) {
    case EADDRINUSE:
      return ": another program listens there: end it, or choose another port";
    case EADDRNOTAVAIL:
      return ": this host has no such address: give one that it has, or 0.0.0.0 for all";
    case EACCES:
      return ": ports below net.ipv4.ip_unprivileged_port_start are root's: choose another";
    default:
      return ": can't be listened on";
  }
}

// Connecting to a port of this host that nobody listens on, the kernel may choose that very port to come
// from, and connect the socket with itself.
bool is_its_own_peer(int fd) noexcept {
  const SockAddr own = local_address(fd);
  return own.length != 0 && own == remote_address(fd);
}

}  // namespace

Result<StreamAddress> read_stream_address(const Config& config, const std::string& field) {
  auto text = config.text(field);
  if (!text) return text.error();
  StreamAddress address;
  address.text = text.value();
  if (address.text.find('/') != std::string::npos) {
    if (auto path = unix_address(address.text); !path) {
      return Error::bad_field(field, field + ": " + path.error().message);
    }
    address.path = address.text;
    return address;
  }
  const size_t colon = address.text.rfind(':');
  const Error malformed =
      Error::bad_field(field, field + " " + address.text + " is neither a path with a slash nor HOST:PORT");
  if (colon == std::string::npos) return malformed;
  uint16_t port = 0;
  const char* const end = address.text.data() + address.text.size();
  const auto read = std::from_chars(address.text.data() + colon + 1, end, port);
  if (read.ec != std::errc() || read.ptr != end || port == 0) return malformed;
  std::string host = address.text.substr(0, colon);
  const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  auto parsed = SockAddr::parse(field, host, port);
  if (!parsed) return parsed.error();
  if (parsed.value().is_v6() != bracketed) return malformed;
  if (parsed.value().is_multicast()) {
    return Error::bad_field(field, field + " " + address.text + " is a group (for a group: mcast)");
  }
  address.inet = parsed.value();
  return address;
}

Result<Listening> stream_listen(const StreamAddress& address, const UnixAccess& access) {
  if (address.is_path()) return unix_listen(SOCK_STREAM, address.path, access);
  auto made = tcp_socket(address.inet.family());
  if (!made) return made.error();
  const int fd = made.value().get();
  // Else the connections of a former listener keep the port for a minute after its end.
  set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  const char* call = "bind";
  int failed = bind(fd, &address.inet.any, address.inet.length);
  if (failed == 0) {
    call = "listen";
    failed = listen(fd, kListenBacklog);
  }
  if (failed != 0) {
    const int error = errno;
    return Error::os(error, call, address.text + listen_advice(error));
  }
  return Listening{std::move(made.value()), UnixName(), address.text};
}

Result<StreamAttempt> stream_connect(const StreamAddress& address) {
  auto made = address.is_path() ? unix_socket(SOCK_STREAM) : tcp_socket(address.inet.family());
  if (!made) return made.error();
  StreamAttempt attempt{std::move(made.value()), false};
  if (address.is_path()) {
    if (auto connected = unix_connect(attempt.fd.get(), address.path); !connected) return connected.error();
    attempt.connected = true;
  } else if (connect(attempt.fd.get(), &address.inet.any, address.inet.length) == 0) {
    if (auto there = stream_connected(attempt.fd.get(), address); !there) return there.error();
    attempt.connected = true;
  } else if (errno != EINPROGRESS) {
    return stream_error(errno, address);
  }
  return attempt;
}

Result<> stream_connected(int fd, const StreamAddress& address) {
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
  if (error == 0 && is_its_own_peer(fd)) error = ECONNREFUSED;
  if (error == 0) return {};
  return stream_error(error, address);
}

Error stream_error(int os_errno, const StreamAddress& address) {
  return Error::os(os_errno, "connect", address.text + tcp_advice(os_errno));
}

void tune_stream(PortHost& host, int fd, bool tcp, int buffer) {
  if (tcp) {
    set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set(fd, IPPROTO_TCP, TCP_KEEPIDLE, kKeepIdle_s);
    set(fd, IPPROTO_TCP, TCP_KEEPINTVL, kKeepInterval_s);
    set(fd, IPPROTO_TCP, TCP_KEEPCNT, kKeepCount);
  }
  if (buffer != 0) {
    set_buffer(fd, SO_SNDBUF, buffer);
    return size_receive_buffer(host, fd, buffer);
  }
  int given = 0;
  socklen_t length = sizeof given;
  getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &given, &length);
  host.note("receive_buffer", std::to_string(given));
}

bool stream_is_dead(int fd) noexcept {
  tcp_info info{};
  socklen_t length = sizeof info;
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return false;
  if (info.tcpi_last_ack_recv < kSilence_ms) return false;
  // Sent again without an answer; or asked whether there is room again (a probe), likewise: the kernel counts
  // from the last answer.
  return info.tcpi_retransmits != 0 || info.tcpi_probes > 2;
}

std::string stream_peer(int fd) {
  const SockAddr address = remote_address(fd);
  if (address.length == 0) return "gone already";
  return address.family() == AF_UNIX ? peer_credentials(fd).text() : with_port(address);
}

}  // namespace ethercast
