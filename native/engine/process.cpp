#include "engine/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

extern char** environ;

namespace ethercast {

namespace {

// Programs of UML's kind end in a millisecond when their line is closed; who does not is killed. The I/O
// thread stands still meanwhile, so it is short.
constexpr int kEnd_ms = 100;
// What is kept of what it says, octets.
constexpr size_t kWords = 1024;
constexpr unsigned kCloseRangeCloexec = 1 << 2;  // CLOSE_RANGE_CLOEXEC, linux/close_range.h

// The kernel's numbers are the same on all architectures for these two (since 5.3 and 5.9).
int pidfd_open(pid_t pid) noexcept { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); }

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (const std::string& text : texts) list.push_back(const_cast<char*>(text.c_str()));
  list.push_back(nullptr);
  return list;
}

struct Start {
  const char* file;
  char* const* arguments;
  char* const* environment;
  int line;
  int said;
};

// Between vfork and exec, in the parent's memory, with all signals blocked: only what is safe in a signal
// handler. Returns the errno of exec.
int become(const Start& start) noexcept {
  // exec sets back what is caught, but not what is ignored.
  struct sigaction usual {};
  usual.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) (void)sigaction(number, &usual, nullptr);
  setsid();
  prctl(PR_SET_PDEATHSIG, SIGTERM);  // should this process be killed, and the program not mind its line
  // Each may be one of the three: then they would be overwritten. They are not (F_DUPFD_CLOEXEC, 3).
  if (dup2(start.line, 0) < 0 || dup2(start.line, 1) < 0 || dup2(start.said, 2) < 0) return errno;
  if (syscall(SYS_close_range, 3u, ~0u, kCloseRangeCloexec) != 0) {
    const long most = sysconf(_SC_OPEN_MAX);
    for (int fd = 3; fd < (most < 0 || most > 65536 ? 65536 : most); ++fd)
      (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execve(start.file, start.arguments, start.environment);
  return errno;
}

// Not inlined: the child must not disturb what the compiler keeps of the caller.
__attribute__((noinline)) pid_t launch(const Start& start, volatile int& failure) noexcept {
  const pid_t pid = vfork();
  if (pid == 0) {
    failure = become(start);
    _exit(127);
  }
  return pid;
}

Result<Fd> above_stdio(int fd) {
  Fd moved(fcntl(fd, F_DUPFD_CLOEXEC, 3));
  if (!moved) return Error::os(errno, "fcntl", "no descriptor is left for the program");
  return moved;
}

}  // namespace

Result<std::string> find_program(const std::string& name, const std::string& path) {
  if (name.find('/') != std::string::npos) {
    if (access(name.c_str(), X_OK) == 0) return name;
    const int why = errno;
    return Error::os(why, "access", "the program " + name + " can't be run: " + std::strerror(why));
  }
  for (size_t at = 0; at <= path.size();) {
    const size_t end = std::min(path.find(':', at), path.size());
    const std::string folder = path.substr(at, end - at);
    at = end + 1;
    const std::string file = (folder.empty() ? "." : folder) + "/" + name;
    if (access(file.c_str(), X_OK) == 0) return file;
  }
  return Error::os(ENOENT, "access",
                   "there is no program " + name + " in PATH (" + path + "): install it, or give its path" +
                       (name.starts_with("slirp") ? " (Debian and Ubuntu: sudo apt install slirp)" : ""));
}

std::vector<std::string> own_environment() {
  std::vector<std::string> all;
  for (char** each = environ; each != nullptr && *each != nullptr; ++each) all.emplace_back(*each);
  return all;
}

std::string own_search_path() {
  const char* const path = std::getenv("PATH");
  return path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin";
}

Result<> Process::start(const ProcessOptions& options) {
  end();
  auto file = find_program(options.arguments.at(0), options.path);
  if (!file) return file.error();
  std::array<int, 2> line, said;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, line.data()) != 0) {
    return Error::os(errno, "socketpair", "the program can't be given a line");
  }
  line_.reset(line[0]);
  const Fd far(line[1]);
  if (pipe2(said.data(), O_CLOEXEC) != 0) return Error::os(errno, "pipe2", "the program can't be heard");
  said_.reset(said[0]);
  const Fd mouth(said[1]);
  // Ours alone: the program's ends are descriptions of their own.
  (void)fcntl(line_.get(), F_SETFL, O_NONBLOCK);
  (void)fcntl(said_.get(), F_SETFL, O_NONBLOCK);
  auto far_high = above_stdio(far.get()), mouth_high = above_stdio(mouth.get());
  if (!far_high || !mouth_high) return far_high ? mouth_high.error() : far_high.error();

  const auto arguments = pointers(options.arguments), environment = pointers(options.environment);
  const Start start{file.value().c_str(), arguments.data(), environment.data(), far_high.value().get(),
                    mouth_high.value().get()};
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  volatile int failure = 0;
  const pid_t pid = launch(start, failure);
  const int why = pid < 0 ? errno : 0;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) return Error::os(why, "vfork", "the program can't be started");
  if (failure != 0) {
    waitpid(pid, nullptr, 0);
    const int exec_errno = failure;
    return Error::os(exec_errno, "execve",
                     "the program " + file.value() + " can't be run: " + std::strerror(exec_errno));
  }
  pid_ = pid;
  words_.clear();
  over_.reset(pidfd_open(pid));
  if (!over_) {
    const int no_pidfd = errno;
    end();
    return Error::os(no_pidfd, "pidfd_open", "the end of a program can't be noticed: that takes Linux 5.3");
  }
  (void)fcntl(over_.get(), F_SETFD, FD_CLOEXEC);
  return {};
}

void Process::kill() noexcept {
  // By pidfd, which never means another process.
  if (pid_ != 0 && over_) {
    (void)syscall(SYS_pidfd_send_signal, over_.get(), SIGKILL, nullptr, 0);
  } else if (pid_ != 0) {
    (void)::kill(pid_, SIGKILL);
  }
}

void Process::end() noexcept {
  line_.reset();
  if (pid_ != 0) {
    pollfd over{over_.get(), POLLIN, 0};
    if (!over_ || ::poll(&over, 1, kEnd_ms) != 1) kill();
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = 0;
  }
  over_.reset();
  said_.reset();
}

bool Process::listen() noexcept {
  char octets[4096];
  const ssize_t got = ::read(said_.get(), octets, sizeof octets);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  if (got == 0) return false;
  words_.append(octets, static_cast<size_t>(got));
  if (words_.size() > kWords) words_.erase(0, words_.size() - kWords);
  return true;
}

std::string Process::last_words() const {
  const auto is_text = [](char octet) { return static_cast<unsigned char>(octet) >= ' ' && octet != 0x7f; };
  size_t end = words_.size();
  while (end > 0 && (!is_text(words_[end - 1]) || words_[end - 1] == ' ')) --end;
  size_t begin = end;
  while (begin > 0 && is_text(words_[begin - 1])) --begin;
  return words_.substr(begin, end - begin);
}

std::string Process::reap() noexcept {
  int status = 0;
  const pid_t waited = waitpid(pid_, &status, WNOHANG);
  if (waited == 0) return {};
  pid_ = 0;
  line_.reset();
  over_.reset();
  // Whoever ignores SIGCHLD has no children to wait for.
  if (waited < 0) return "ended";
  if (WIFSIGNALED(status)) return "was killed by signal " + std::to_string(WTERMSIG(status));
  return "ended with exit status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace ethercast
