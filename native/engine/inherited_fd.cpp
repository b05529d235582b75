#include "engine/inherited_fd.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

namespace ethercast {

namespace {

constexpr int kBehindStdio = 3;

std::string shown(int number) { return "descriptor " + std::to_string(number); }

Error refused(int number, const std::string& why) {
  return Error::bad_field("fd", shown(number) + " " + why);
}

const char* kind_of(int fd) noexcept {
  struct stat status {};
  if (fstat(fd, &status) != 0) return "something else";
  switch (status.st_mode & S_IFMT) {
    case S_IFREG:
      return "a file";
    case S_IFDIR:
      return "a folder";
    case S_IFIFO:
      return "a pipe, which does not keep frames apart";
    case S_IFCHR:
      return "a device or terminal";
    default:
      return "something else";
  }
}

}  // namespace

bool is_tun_descriptor(int number) noexcept {
  struct stat status {};
  // Other devices have other ideas of this ioctl's number.
  if (fstat(number, &status) != 0 || !S_ISCHR(status.st_mode)) return false;
  ifreq request{};
  return ioctl(number, TUNGETIFF, &request) == 0;
}

Result<Fd> copy_inherited(int number) {
  Fd copy(fcntl(number, F_DUPFD_CLOEXEC, kBehindStdio));
  if (copy) {
    (void)fcntl(number, F_SETFD, FD_CLOEXEC);
    return copy;
  }
  const int why = errno;
  if (why != EBADF) return Error::os(why, "fcntl", shown(number) + " can't be copied");
  return Error::os(
      EBADF, "fcntl",
      "there is no " + shown(number) +
          " in this process: whoever starts it has to hand one over, or leave the number out (fd) "
          "for a new pair of sockets");
}

Result<Fd> inherit_packet_socket(int number) {
  auto copy = copy_inherited(number);
  if (!copy) return copy;
  const int fd = copy.value().get();
  int type = 0;
  socklen_t length = sizeof type;
  if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) != 0) {
    return refused(number, std::string("is ") + kind_of(fd) +
                               ": allowed are a socket of type SOCK_SEQPACKET or SOCK_DGRAM, and a tap");
  }
  if (type == SOCK_STREAM) {
    return refused(number,
                   "is a stream socket, which does not keep frames apart: allowed are SOCK_SEQPACKET and "
                   "SOCK_DGRAM; for QEMU's and passt's streams there is the transport stream");
  }
  if (type != SOCK_DGRAM && type != SOCK_SEQPACKET) {
    return refused(number, "is a socket of another type: allowed are SOCK_SEQPACKET and SOCK_DGRAM");
  }
  int listens = 0;
  length = sizeof listens;
  if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) == 0 && listens != 0) {
    return refused(number, "is a socket that listens: accept a connection, and hand that over");
  }
  sockaddr_storage peer{};
  length = sizeof peer;
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &length) != 0) {
    return refused(number, "is a socket without a peer: connect it first, or make it with socketpair()");
  }
  return copy;
}

}  // namespace ethercast
