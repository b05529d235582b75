#include "engine/poller.h"

#include <cerrno>

namespace ethercast {

Result<> Poller::open() {
  epoll_.reset(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_)
    return Error::os(errno, "epoll_create1", "no descriptor for polling: raise the limit (ulimit -n)");
  return {};
}

Result<> Poller::watch(int fd, uint32_t interest, uint64_t tag) noexcept {
  epoll_event event{};
  event.events = interest;
  event.data.u64 = tag;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) == 0) return {};
  if (errno == ENOENT && ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0) return {};
  return Error::os(errno, "epoll_ctl", "the descriptor can't be polled");
}

void Poller::unwatch(int fd) noexcept { ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr); }

std::span<const Ready> Poller::wait(int timeout_ms) noexcept {
  const int count = ::epoll_wait(epoll_.get(), events_, kMaxReady, timeout_ms);
  if (count <= 0) return {};
  for (int i = 0; i < count; ++i) ready_[i] = {events_[i].data.u64, events_[i].events};
  return {ready_, static_cast<size_t>(count)};
}

}  // namespace ethercast
