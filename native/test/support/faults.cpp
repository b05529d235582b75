#include "test/support/faults.h"

#include <linux/if_tun.h>
#include <netinet/udp.h>
#include <sys/ioctl.h>
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
std::atomic<unsigned long> refused_offloads{0};
std::atomic<int> room{-1};
std::atomic<int> refused_level{-1};
std::atomic<int> refused_option{-1};
Faults::Runs refused_runs;  // set while no other thread sends
std::vector<uint32_t>& sent() {
  static std::vector<uint32_t> frames;
  return frames;
}

struct Message {
  uint32_t frames, length;
};
Message look_at(const msghdr& header) {
  size_t octets = 0;
  for (size_t i = 0; i < header.msg_iovlen; ++i) octets += header.msg_iov[i].iov_len;
  const cmsghdr* const control = CMSG_FIRSTHDR(&header);
  if (control == nullptr) return {1, static_cast<uint32_t>(octets)};
  uint16_t length = 0;
  std::memcpy(&length, CMSG_DATA(control), sizeof length);
  return {static_cast<uint32_t>((octets + length - 1) / length), length};
}
bool is_refused(const msghdr& header) {
  const Message message = look_at(header);
  return refused_runs.os_errno != 0 && message.frames > refused_runs.frames &&
         message.length > refused_runs.length;
}

std::vector<SocketOption>& recorded() {
  static std::vector<SocketOption> options;
  return options;
}
}  // namespace

void Faults::fail_sendmmsg(int os_errno, int times) noexcept {
  sendmmsg_errno = os_errno;
  sendmmsg_times = times;
}
void Faults::refuse_runs(Runs runs) noexcept { refused_runs = runs; }
void Faults::leave_room(int messages) noexcept { room = messages; }
void Faults::refuse_option(int level, int option) noexcept {
  refused_level = level;
  refused_option = option;
}
const std::vector<uint32_t>& Faults::messages() { return sent(); }
void Faults::refuse_forced_buffers() noexcept { unprivileged = true; }
void Faults::refuse_tap_offloads(unsigned long bits) noexcept { refused_offloads = bits; }
void Faults::record_options() {
  recorded().clear();
  sent().clear();
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
  refused_offloads = 0;
  sendmmsg_times = 0;
  recording = unprivileged = false;
  refused_runs = {};
  room = refused_level = refused_option = -1;
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
  // As the kernel does it: what comes before the one that fails is sent, and the call says how many.
  unsigned int passing = 0;
  while (passing < count && !is_refused(messages[passing].msg_hdr)) ++passing;
  if (passing == 0) {
    errno = refused_runs.os_errno;
    return -1;
  }
  if (room >= 0 && passing > static_cast<unsigned int>(room)) passing = static_cast<unsigned int>(room);
  if (passing == 0) {
    errno = EAGAIN;
    return -1;
  }
  const int done = __real_sendmmsg(fd, messages, passing, flags);
  if (room > 0 && done > 0) room -= done;
  for (int i = 0; recording && i < done; ++i) sent().push_back(look_at(messages[i].msg_hdr).frames);
  return done;
}

int __real_setsockopt(int fd, int level, int option, const void* value, socklen_t length);
int __real_ioctl(int fd, unsigned long request, void* argument);
// Every request of ours has one argument, a number or a pointer, which travel alike.
int __wrap_ioctl(int fd, unsigned long request, void* argument) {
  if (request == TUNSETOFFLOAD &&
      (reinterpret_cast<unsigned long>(argument) & ethercast::test::refused_offloads) != 0) {
    errno = EINVAL;
    return -1;
  }
  return __real_ioctl(fd, request, argument);
}

int __wrap_setsockopt(int fd, int level, int option, const void* value, socklen_t length) {
  using namespace ethercast::test;
  if (recording && length == sizeof(int)) {
    SocketOption set{level, option, 0};
    std::memcpy(&set.value, value, sizeof set.value);
    recorded().push_back(set);
  }
  if (level == refused_level && option == refused_option) {
    errno = ENOPROTOOPT;
    return -1;
  }
  if (unprivileged && level == SOL_SOCKET && (option == SO_RCVBUFFORCE || option == SO_SNDBUFFORCE)) {
    errno = EPERM;
    return -1;
  }
  return __real_setsockopt(fd, level, option, value, length);
}

}  // extern "C"
