#include "helper/answers.h"

#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "helper/descriptors.h"

namespace ethercast::helper {

namespace {

// Writes it all; a reader that is slow is waited for (a stream that somebody made non-blocking), but not for
// ever: the helper of a UML that hangs must not hang as well.
constexpr int kPatienceMs = 5000;

Result<> write_all(int fd, std::string_view octets) {
  while (!octets.empty()) {
    ssize_t wrote = ::send(fd, octets.data(), octets.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    // A pipe takes an answer in one piece, or UML is not the reader.
    if (wrote < 0 && errno == ENOTSOCK) wrote = ::write(fd, octets.data(), octets.size());
    if (wrote >= 0) {
      octets.remove_prefix(static_cast<size_t>(wrote));
      continue;
    }
    if (errno == EINTR) continue;
    pollfd ready{fd, POLLOUT, 0};
    if (errno == EAGAIN && poll(&ready, 1, kPatienceMs) == 1) continue;
    return Error::os(errno, "write", "uml_net: the answer can't be written");
  }
  return {};
}

std::string prefixed(const Log& log) {
  const auto length = static_cast<int32_t>(log.text().empty() ? 0 : log.text().size() + 1);
  std::string octets(sizeof length, '\0');
  std::memcpy(octets.data(), &length, sizeof length);
  if (length != 0) octets.append(log.text()).push_back('\0');
  return octets;
}

}  // namespace

Result<> send_prefixed(int fd, const Log& log) { return write_all(fd, prefixed(log)); }

Result<> send_status(int fd, bool good, bool with_text, const Log& log) {
  std::string octets(1, good ? '\1' : '\0');
  if (with_text) octets += prefixed(log);
  return write_all(fd, octets);
}

Result<> send_device(int fd, const std::string& name, int device_fd, const Log& log) {
  std::array<char, IFNAMSIZ> field{};
  std::copy_n(name.data(), std::min(name.size(), field.size() - 1), field.data());
  const bool good = device_fd >= 0;
  std::array<iovec, 2> pieces{iovec{field.data(), good ? field.size() : 0},
                              iovec{const_cast<char*>(log.text().c_str()), log.text().size() + 1}};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof device_fd)] = {};
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = pieces.size();
  if (good) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* const rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof device_fd);
    std::memcpy(CMSG_DATA(rights), &device_fd, sizeof device_fd);
  }
  while (sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
    if (errno != EINTR) return Error::os(errno, "sendmsg", "uml_net: the answer can't be sent");
  }
  return {};
}

void send_failure(const Parsed& parsed, const Log& log) {
  Result<> sent = expect_answer_fd(parsed);
  if (sent) {
    switch (parsed.answer) {
      case Answer::text:
        sent = write_all(STDERR_FILENO, log.text());
        return;
      case Answer::prefixed:
        sent = send_prefixed(parsed.answer_fd, log);
        break;
      case Answer::status:
        sent = send_status(parsed.answer_fd, false, parsed.control_text, log);
        // Up to version 2 the octet is all that UML reads.
        if (!parsed.control_text) sent = write_all(STDERR_FILENO, log.text());
        break;
      case Answer::datagram:
        sent = send_device(parsed.answer_fd, {}, -1, log);
        break;
    }
  }
  if (!sent) (void)write_all(STDERR_FILENO, log.text() + sent.error().message + "\n");
}

Result<> expect_answer_fd(const Parsed& parsed) {
  switch (parsed.answer) {
    case Answer::text:
      return {};
    case Answer::datagram:
      return expect_socket(parsed.answer_fd, SOCK_DGRAM, "the answer");
    case Answer::status:
      return expect_socket(parsed.answer_fd, SOCK_STREAM, "the control channel");
    case Answer::prefixed:
      break;
  }
  const int flags = fcntl(parsed.answer_fd, F_GETFL);
  if (flags >= 0 && (flags & O_ACCMODE) != O_RDONLY) return {};
  return Error::os(EBADF, "fcntl",
                   "uml_net: descriptor " + std::to_string(parsed.answer_fd) +
                       " is to take the answer, and can't be written to");
}

}  // namespace ethercast::helper
