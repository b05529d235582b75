#include "engine/acceptor.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "engine/clock.h"

namespace ethercast {

namespace {
// Clients of a readiness: the other ports have their turn in between.
constexpr int kAtOnce = 16;
constexpr uint64_t kPause_ns = kNsPerSecond / 4;
}  // namespace

Result<> Acceptor::open(PortHost& host, Fd fd, std::string name) {
  host_ = &host;
  fd_ = std::move(fd);
  name_ = std::move(name);
  return host.watch(fd_.get(), EPOLLIN);
}

void Acceptor::accept(AcceptorClients& clients) {
  for (int i = 0; i < kAtOnce; ++i) {
    Fd client(accept4(fd_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!client && errno != EAGAIN) {
      if (errno == ECONNABORTED || errno == EINTR) continue;
      return pause(errno);
    }
    // Without a descriptor the kernel says so even if nobody waits.
    if (paused_) go_on();
    if (!client) return;
    clients.take(std::move(client));
  }
}

void Acceptor::pause(int os_errno) {
  host_->arm(host_->now_ns() + kPause_ns);
  host_->counters().last_errno.set(static_cast<uint64_t>(os_errno));
  if (paused_) return;
  paused_ = true;
  (void)host_->watch(fd_.get(), 0);  // a change of what is watched already
  const char* const message =
      os_errno == EMFILE
          ? "no descriptor is left for another client, which waits: raise the limit (ulimit -n)"
          : "the system has nothing left for another client, which waits";
  host_->report({PortState::degraded, "clients", name_ + ": " + message, os_errno});
}

void Acceptor::go_on() {
  paused_ = false;
  (void)host_->watch(fd_.get(), EPOLLIN);
  host_->report({PortState::up, "clients", name_ + ": clients are taken again", 0});
}

void Acceptor::close() noexcept {
  if (fd_) host_->unwatch(fd_.get());
  fd_.reset();
}

}  // namespace ethercast
