#include "engine/unix_datagram.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "engine/socket_buffers.h"
#include "engine/unix_socket.h"

namespace ethercast {

namespace {

// Asked for when the spec gives no `buffer`: with the kernel's bookkeeping some 700 frames of 1514 octets
// wait in a peer that sleeps, if its own queue has room for so many.
constexpr int kDefaultMessageBuffer = 1 << 20;

}  // namespace

Result<Fd> message_socket(PortHost& host, const FrameOptions& options) {
  auto socket = unix_socket(SOCK_DGRAM);
  if (!socket) return socket.error();
  // What waits at the receiver is charged to the sender here; the receive buffer is for the books.
  size_receive_buffer(host, socket.value().get(), options.buffer);
  size_send_buffer(socket.value().get(), options.buffer != 0 ? options.buffer : kDefaultMessageBuffer);
  return socket;
}

Result<std::string> bind_abstract(int socket, const std::string& name) {
  std::array<uint8_t, 16> random;
  if (getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size())) {
    return Error::os(errno, "getrandom", "no random octets for a name");
  }
  std::string whole = name + "-";
  for (const uint8_t octet : random) {
    whole += "0123456789abcdef"[octet >> 4];
    whole += "0123456789abcdef"[octet & 15];
  }
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  whole.resize(std::min(whole.size(), sizeof address.sun_path - 1));
  std::memcpy(address.sun_path + 1, whole.data(), whole.size());
  if (::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return Error::os(errno, "bind", "an abstract name can't be had");
  }
  return whole;
}

int connect_whole(int socket, std::span<const uint8_t> octets) noexcept {
  sockaddr_un address{};
  if (octets.size() > sizeof address) return EINVAL;
  std::memcpy(&address, octets.data(), octets.size());
  const auto length = static_cast<socklen_t>(octets.size());
  return connect(socket, reinterpret_cast<const sockaddr*>(&address), length) == 0 ? 0 : errno;
}

int connect_owned(int socket, const std::string& path, uid_t owner) noexcept {
  const Fd there(open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat status {};
  if (!there || fstat(there.get(), &status) != 0) return errno;
  if (!S_ISSOCK(status.st_mode)) return ENOTSOCK;
  if (owner != 0 && status.st_uid != owner) return EPERM;
  // The very file that was looked at, whatever has its name by now.
  const auto address = unix_address("/proc/self/fd/" + std::to_string(there.get()));
  return connect(socket, address.value().get(), address.value().length) == 0 ? 0 : errno;
}

}  // namespace ethercast
