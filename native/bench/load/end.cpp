// How the ends are plugged in. The control protocol of uml_switch and vde_switch: one request on a stream
// socket (magic, version, type, the client's datagram address), one address as the answer, to which frames
// go.
#include "end.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>

#include "fail.h"

namespace ethercast::load {

namespace {

constexpr const char* kUsage =
    "an end is mcast:GROUP:PORT, uml:SOCKET, vde:DIRECTORY, stream:PATH, packet:PATH, "
    "udp:OWN:PORT or dgram:OWN:PATH";
// Octets of a socket's buffer, for every kind of end alike: what Linux gives an ordinary program at most on
// many hosts, after which it silently gives less.
constexpr int kBuffer = 4 << 20;
// A blocked send or receive looks up this often, so that every loop ends.
constexpr timeval kPatience = {0, 20'000};
// A switch that is alive answers at once.
constexpr timeval kControlPatience = {5, 0};

template <typename T>
void set_option(int fd, int level, int name, const T& value, const char* what) {
  if (setsockopt(fd, level, name, &value, sizeof value) != 0) fail(what);
}

void set_up(int fd) {
  set_option(fd, SOL_SOCKET, SO_RCVBUF, kBuffer, "SO_RCVBUF");
  set_option(fd, SOL_SOCKET, SO_SNDBUF, kBuffer, "SO_SNDBUF");
  set_option(fd, SOL_SOCKET, SO_RCVTIMEO, kPatience, "SO_RCVTIMEO");
  set_option(fd, SOL_SOCKET, SO_SNDTIMEO, kPatience, "SO_SNDTIMEO");
}

Fd open_socket(int domain, int type) {
  Fd fd(socket(domain, type | SOCK_CLOEXEC, 0));
  if (!fd) fail("socket");
  return fd;
}

sockaddr_in group_address(const std::string& group, uint16_t port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (inet_pton(AF_INET, group.c_str(), &address.sin_addr) != 1) fail("not an IPv4 group", 0);
  return address;
}

ip_mreqn on_loopback(const in_addr& group) {
  ip_mreqn request = {};
  request.imr_multiaddr = group;
  request.imr_ifindex = static_cast<int>(if_nametoindex("lo"));
  return request;
}

const sockaddr* generic(const sockaddr_in& address) { return reinterpret_cast<const sockaddr*>(&address); }
const sockaddr* generic(const sockaddr_un& address) { return reinterpret_cast<const sockaddr*>(&address); }

Fd open_member(const std::string& group, uint16_t port) {
  Fd fd = open_socket(AF_INET, SOCK_DGRAM);
  set_up(fd.get());
  const sockaddr_in address = group_address(group, port);
  set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR");
  if (bind(fd.get(), generic(address), sizeof address) != 0) fail("bind to the group");
  set_option(fd.get(), IPPROTO_IP, IP_ADD_MEMBERSHIP, on_loopback(address.sin_addr), "IP_ADD_MEMBERSHIP");
  return fd;
}

Fd open_sender(const std::string& group, uint16_t port) {
  Fd fd = open_socket(AF_INET, SOCK_DGRAM);
  set_up(fd.get());
  const sockaddr_in address = group_address(group, port);
  set_option(fd.get(), IPPROTO_IP, IP_MULTICAST_IF, on_loopback(address.sin_addr), "IP_MULTICAST_IF");
  set_option(fd.get(), IPPROTO_IP, IP_MULTICAST_TTL, 0, "IP_MULTICAST_TTL");
  if (connect(fd.get(), generic(address), sizeof address) != 0) fail("connect to the group");
  return fd;
}

uint16_t port_of(const std::string& text) {
  uint16_t port = 0;
  std::from_chars(text.data(), text.data() + text.size(), port);
  return port;
}

Fd open_udp(uint16_t own, uint16_t there) {
  Fd fd = open_socket(AF_INET, SOCK_DGRAM);
  set_up(fd.get());
  sockaddr_in address = group_address("127.0.0.1", own);
  if (bind(fd.get(), generic(address), sizeof address) != 0) fail("bind");
  address.sin_port = htons(there);
  if (connect(fd.get(), generic(address), sizeof address) != 0) fail("connect");
  return fd;
}

struct Request {
  uint32_t magic = 0xfeedface;
  uint32_t version = 3;
  uint32_t type = 0;  // REQ_NEW_CONTROL
  sockaddr_un data = {};
};
static_assert(sizeof(Request) == 124);  // with two octets of padding, as User-Mode Linux sends it

// An abstract name of the full length: uml_switch compares all of it.
sockaddr_un own_name() {
  static int count = 0;
  const int parts[2] = {getpid(), ++count};
  sockaddr_un name = {};
  name.sun_family = AF_UNIX;
  std::memcpy(name.sun_path + 4, parts, sizeof parts);
  return name;
}

sockaddr_un named(const std::string& path) {
  sockaddr_un name = {};
  name.sun_family = AF_UNIX;
  if (path.size() >= sizeof name.sun_path) fail("too long a path for a socket", 0);
  std::memcpy(name.sun_path, path.c_str(), path.size());
  return name;
}

Fd open_plug(int type, const std::string& path, const std::string& own = "") {
  Fd fd = open_socket(AF_UNIX, type);
  set_up(fd.get());
  const sockaddr_un mine = named(own), there = named(path);
  if (!own.empty() && bind(fd.get(), generic(mine), sizeof mine) != 0) fail("bind");
  if (connect(fd.get(), generic(there), sizeof there) != 0) fail("connect");
  return fd;
}

Fd open_client(const std::string& path, Fd& control) {
  Fd data = open_socket(AF_UNIX, SOCK_DGRAM);
  set_up(data.get());
  Request request;
  request.data = own_name();
  if (bind(data.get(), generic(request.data), sizeof request.data) != 0) fail("bind a data socket");

  control = open_socket(AF_UNIX, SOCK_STREAM);
  set_option(control.get(), SOL_SOCKET, SO_RCVTIMEO, kControlPatience, "SO_RCVTIMEO");
  const sockaddr_un there = named(path);
  if (connect(control.get(), generic(there), sizeof there) != 0) fail("connect to the switch");
  if (write(control.get(), &request, sizeof request) != sizeof request) fail("ask the switch for a port");
  sockaddr_un answer = {};
  if (read(control.get(), &answer, sizeof answer) != sizeof answer) fail("the switch gave no port");
  if (connect(data.get(), generic(answer), sizeof answer) != 0) fail("connect to the switch's data socket");
  return data;
}

}  // namespace

End End::open(const std::string& spec, bool listens) {
  const size_t colon = spec.find(':');
  if (colon == std::string::npos) fail(kUsage, 0);
  const std::string kind = spec.substr(0, colon);
  const std::string where = spec.substr(colon + 1);
  End end;
  if (kind == "mcast") {
    const size_t second = where.find(':');
    end.group_ = where.substr(0, second);
    end.port_ = port_of(second == std::string::npos ? "" : where.substr(second + 1));
    end.out_ = open_sender(end.group_, end.port_);
    if (listens) end.listen();
  } else if (kind == "uml" || kind == "vde") {
    end.duplex_ = true;
    end.out_ = open_client(kind == "vde" ? where + "/ctl" : where, end.control_);
  } else if (kind == "stream" || kind == "packet") {
    end.duplex_ = true;
    end.stream_ = kind == "stream";
    end.out_ = open_plug(end.stream_ ? SOCK_STREAM : SOCK_SEQPACKET, where);
  } else if (kind == "udp" && where.find(':') != std::string::npos) {
    end.udp_ = true;
    end.duplex_ = true;
    const size_t second = where.find(':');
    end.out_ = open_udp(port_of(where.substr(0, second)), port_of(where.substr(second + 1)));
  } else if (kind == "dgram" && where.find(':') != std::string::npos) {
    end.duplex_ = true;
    const size_t second = where.find(':');
    end.out_ = open_plug(SOCK_DGRAM, where.substr(second + 1), where.substr(0, second));
  } else {
    fail(kUsage, 0);
  }
  return end;
}

void End::send(const uint8_t* frame, size_t length) const noexcept {
  uint8_t prefix[kPrefixOctets] = {0, 0, static_cast<uint8_t>(length >> 8), static_cast<uint8_t>(length)};
  iovec parts[2] = {{prefix, kPrefixOctets}, {const_cast<uint8_t*>(frame), length}};
  msghdr message = {};
  message.msg_iov = stream_ ? parts : parts + 1;
  message.msg_iovlen = stream_ ? 2 : 1;
  (void)sendmsg(out(), &message, MSG_NOSIGNAL);
}

ssize_t End::receive(uint8_t* frame, size_t capacity) const noexcept {
  if (!stream_) return recv(in(), frame, capacity, MSG_DONTWAIT);
  // Records as short as ours are there whole or not at all.
  uint8_t prefix[kPrefixOctets];
  if (recv(in(), prefix, sizeof prefix, MSG_DONTWAIT | MSG_PEEK) != sizeof prefix) return -1;
  const size_t length = size_t{prefix[2]} << 8 | prefix[3];
  if (length > capacity || recv(in(), prefix, sizeof prefix, MSG_DONTWAIT) != sizeof prefix) return -1;
  return recv(in(), frame, length, MSG_WAITALL);
}

void End::listen() {
  if (in() < 0) in_ = open_member(group_, port_);
}

void End::stop_listening() noexcept { in_.reset(); }

}  // namespace ethercast::load
