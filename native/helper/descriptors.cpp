#include "helper/descriptors.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <vector>

namespace ethercast::helper {

namespace {

void close_range_of(unsigned first, unsigned last) noexcept {
  if (first > last || syscall(SYS_close_range, first, last, 0) == 0) return;
  // Before Linux 5.9: one by one, as far as descriptors go.
  const long most = sysconf(_SC_OPEN_MAX);
  const auto end = std::min<unsigned long>(last, most > 0 ? static_cast<unsigned long>(most) : 1024);
  for (unsigned long fd = first; fd <= end; ++fd) ::close(static_cast<int>(fd));
}

Error not_that(int fd, const char* what, const char* wanted, int os_errno) {
  const std::string number = std::to_string(fd);
  std::string message = std::string("uml_net: ") + what + " is to be descriptor " + number + ", which is ";
  message += os_errno == EBADF ? "not open" : std::string("not ") + wanted;
  return Error::os(os_errno, "fstat", message + ": UML hands over " + wanted + " there");
}

}  // namespace

bool fill_standard_descriptors() noexcept {
  for (int fd = 0; fd <= 2; ++fd) {
    if (fcntl(fd, F_GETFD) >= 0) continue;
    // The lowest that is free: this one. Open the wrong way round, so that who reads or writes learns of it;
    // but for errors, which then go nowhere.
    if (::open("/dev/null", fd == 0 ? O_WRONLY : fd == 1 ? O_RDONLY : O_RDWR) != fd) return false;
  }
  return true;
}

void close_all_but(std::initializer_list<int> kept) noexcept {
  std::vector<int> sorted(kept);
  std::sort(sorted.begin(), sorted.end());
  unsigned next = 3;
  for (const int fd : sorted) {
    if (fd < 3) continue;
    if (static_cast<unsigned>(fd) > next) close_range_of(next, static_cast<unsigned>(fd) - 1);
    next = std::max(next, static_cast<unsigned>(fd) + 1);
  }
  close_range_of(next, UINT_MAX);
}

Result<> expect_socket(int fd, int type, const char* what) {
  const char* const wanted =
      type == SOCK_STREAM ? "one end of a pair of stream sockets" : "one end of a pair of datagram sockets";
  struct stat status {};
  if (fstat(fd, &status) != 0) return not_that(fd, what, wanted, errno);
  int domain = 0, actual = 0;
  socklen_t length = sizeof domain;
  if (!S_ISSOCK(status.st_mode) || getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) != 0 ||
      domain != AF_UNIX || getsockopt(fd, SOL_SOCKET, SO_TYPE, &actual, &(length = sizeof actual)) != 0 ||
      actual != type) {
    return not_that(fd, what, wanted, ENOTSOCK);
  }
  return {};
}

Result<> expect_terminal(int fd) {
  struct stat status {};
  if (fstat(fd, &status) != 0) return not_that(fd, "the line", "a terminal", errno);
  if (!S_ISCHR(status.st_mode) || isatty(fd) != 1) return not_that(fd, "the line", "a terminal", ENOTTY);
  return {};
}

Result<> set_blocking(int fd, bool blocking) {
  const int flags = fcntl(fd, F_GETFL);
  const int wanted = blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK;
  if (flags < 0 || fcntl(fd, F_SETFL, wanted) != 0) {
    return Error::os(errno, "fcntl", "uml_net: descriptor " + std::to_string(fd) + " can't be set up");
  }
  return {};
}

std::string errno_text(int os_errno) {
  char buffer[128];
  return strerror_r(os_errno, buffer, sizeof buffer);
}

}  // namespace ethercast::helper
