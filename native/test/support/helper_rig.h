// HelperRig: uml_net started as a UML kernel starts it, with what descriptors a test likes, and its answers
// read as that kernel reads them. The program is the one that was built beside the tests.
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <climits>
#include <csignal>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/fd.h"

namespace ethercast::test {

constexpr int kHelperPatience_ms = 5000;

struct Pair {
  Fd ours, theirs;
};
inline Pair socket_pair(int type) {
  int ends[2];
  REQUIRE(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) == 0);
  return {Fd(ends[0]), Fd(ends[1])};
}

class HelperProcess {
 public:
  // `given`: descriptors of ours, and the number of each in the program. What is not among them and below 3
  // is closed there.
  HelperProcess(const std::vector<std::string>& arguments, const std::vector<std::pair<int, int>>& given) {
    char self[PATH_MAX] = {};
    REQUIRE(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    std::string program(self);
    program = program.substr(0, program.rfind('/')) + "/uml_net";
    std::vector<char*> argv{const_cast<char*>("uml_net")};
    for (const std::string& each : arguments) argv.push_back(const_cast<char*>(each.c_str()));
    argv.push_back(nullptr);
    pid_ = fork();
    REQUIRE(pid_ >= 0);
    if (pid_ != 0) return;
    constexpr int kOutOfTheWay = 200;
    std::vector<std::pair<int, int>> moved;
    for (const auto& [fd, number] : given)
      moved.emplace_back(fcntl(fd, F_DUPFD_CLOEXEC, kOutOfTheWay), number);
    for (int fd = 0; fd < 3; ++fd) ::close(fd);
    for (const auto& [fd, number] : moved) dup2(fd, number);
    execv(program.c_str(), argv.data());
    _exit(127);
  }
  HelperProcess(const HelperProcess&) = delete;
  HelperProcess& operator=(const HelperProcess&) = delete;
  ~HelperProcess() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

  pid_t pid() const noexcept { return pid_; }
  // The exit code; -1: it was killed, -2: it does not end.
  int wait() {
    for (int waited = 0; waited < kHelperPatience_ms; waited += 10) {
      int status = 0;
      if (waitpid(pid_, &status, WNOHANG) == pid_) {
        pid_ = 0;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
      }
      poll(nullptr, 0, 10);
    }
    return -2;
  }

 private:
  pid_t pid_ = 0;
};

// What can be read now, or until the other end closes.
inline std::string read_some(int fd, size_t most, int patience_ms = kHelperPatience_ms) {
  std::string all;
  pollfd ready{fd, POLLIN, 0};
  while (all.size() < most && poll(&ready, 1, patience_ms) == 1) {
    std::string piece(most - all.size(), '\0');
    const ssize_t got = ::read(fd, piece.data(), piece.size());
    if (got <= 0) break;
    all.append(piece, 0, static_cast<size_t>(got));
  }
  return all;
}

// An int with the length, then so much text with its NUL. None: it was not so.
inline std::optional<std::string> read_prefixed(int fd) {
  const std::string length = read_some(fd, sizeof(int32_t));
  int32_t octets = -1;
  if (length.size() != sizeof octets) return std::nullopt;
  std::memcpy(&octets, length.data(), sizeof octets);
  if (octets == 0) return std::string();
  if (octets < 0 || octets > 4096) return std::nullopt;
  std::string text = read_some(fd, static_cast<size_t>(octets));
  if (text.size() != static_cast<size_t>(octets) || text.back() != '\0') return std::nullopt;
  text.pop_back();
  return text;
}

// Runs it to its end, with stdout and stderr on pipes.
struct HelperResult {
  int code = -2;
  std::string out, err;
};
inline HelperResult run_helper(const std::vector<std::string>& arguments,
                               std::vector<std::pair<int, int>> given = {}) {
  int out[2], err[2];
  REQUIRE(pipe2(out, O_CLOEXEC) == 0);
  REQUIRE(pipe2(err, O_CLOEXEC) == 0);
  const Fd out_ours(out[0]), err_ours(err[0]);
  Fd out_theirs(out[1]), err_theirs(err[1]);
  const Fd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  std::vector<std::pair<int, int>> all{{null.get(), 0}, {out[1], 1}, {err[1], 2}};
  all.insert(all.end(), given.begin(), given.end());
  HelperProcess process(arguments, all);
  out_theirs.reset();
  err_theirs.reset();
  HelperResult result;
  result.code = process.wait();
  result.out = read_some(out_ours.get(), 1 << 16);
  result.err = read_some(err_ours.get(), 1 << 16);
  return result;
}
// The text in an answer on stdout; "?" if it is not one whole answer.
inline std::string answer_in(const HelperResult& result) {
  int32_t octets = -1;
  if (result.out.size() < sizeof octets) return "?";
  std::memcpy(&octets, result.out.data(), sizeof octets);
  if (octets < 1 || result.out.size() != sizeof octets + static_cast<size_t>(octets)) return "?";
  return result.out.substr(sizeof octets, static_cast<size_t>(octets) - 1);
}

struct HandedOver {
  std::string octets;
  Fd device;
};
// The one datagram that `tuntap up` answers with.
inline std::optional<HandedOver> read_device(int fd) {
  pollfd ready{fd, POLLIN, 0};
  if (poll(&ready, 1, kHelperPatience_ms) != 1) return std::nullopt;
  HandedOver handed;
  handed.octets.resize(4095);  // as much as UML reads
  iovec piece{handed.octets.data(), handed.octets.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int)) * 2];
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
  if (got < 0) return std::nullopt;
  handed.octets.resize(static_cast<size_t>(got));
  if (const cmsghdr* rights = CMSG_FIRSTHDR(&message); rights != nullptr) {
    REQUIRE(rights->cmsg_type == SCM_RIGHTS);
    REQUIRE(rights->cmsg_len == CMSG_LEN(sizeof(int)));
    int device = -1;
    std::memcpy(&device, CMSG_DATA(rights), sizeof device);
    handed.device.reset(device);
  }
  return handed;
}

}  // namespace ethercast::test
