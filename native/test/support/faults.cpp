#include "test/support/faults.h"

#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <cstring>

namespace ethercast::test {

namespace {
std::atomic<int> sendmmsg_errno{0};
std::atomic<int> sendmmsg_times{0};
std::atomic<bool> recording{false};
std::atomic<bool> unprivileged{false};
std::vector<SocketOption>& recorded() {
  static std::vector<SocketOption> options;
  return options;
}
}  // namespace

void Faults::fail_sendmmsg(int os_errno, int times) noexcept {
  sendmmsg_errno = os_errno;
  sendmmsg_times = times;
}
void Faults::refuse_forced_buffers() noexcept { unprivileged = true; }
void Faults::record_options() {
  recorded().clear();
  recording = true;
}
const std::vector<SocketOption>& Faults::options() { return recorded(); }
bool Faults::was_set(int level, int option, int value) {
  for (const SocketOption& each : recorded()) {
    if (each.level == level && each.option == option && each.value == value) return true;
  }
  return false;
}
void Faults::end() {
  sendmmsg_times = 0;
  recording = unprivileged = false;
}

}  // namespace ethercast::test

using ethercast::test::SocketOption;

extern "C" {

int __real_sendmmsg(int fd, mmsghdr* messages, unsigned int count, int flags);
int __wrap_sendmmsg(int fd, mmsghdr* messages, unsigned int count, int flags) {
  using namespace ethercast::test;
  if (sendmmsg_times != 0) {
    if (sendmmsg_times > 0) --sendmmsg_times;
    errno = sendmmsg_errno;
    return -1;
  }
  return __real_sendmmsg(fd, messages, count, flags);
}

int __real_setsockopt(int fd, int level, int option, const void* value, socklen_t length);
int __wrap_setsockopt(int fd, int level, int option, const void* value, socklen_t length) {
  using namespace ethercast::test;
  if (recording && length == sizeof(int)) {
    SocketOption set{level, option, 0};
    std::memcpy(&set.value, value, sizeof set.value);
    recorded().push_back(set);
  }
  if (unprivileged && level == SOL_SOCKET && (option == SO_RCVBUFFORCE || option == SO_SNDBUFFORCE)) {
    errno = EPERM;
    return -1;
  }
  return __real_setsockopt(fd, level, option, value, length);
}

}  // extern "C"
