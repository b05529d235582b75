#include "engine/unix_cable.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string_view>

#include "engine/clock.h"
#include "engine/socket_buffers.h"

namespace ethercast {

namespace {

// How often the peer is looked for while nothing is sent.
constexpr uint64_t kLookEvery_ns = kNsPerSecond / 2;
// A peer that took nothing from us is tried again after this long, if nothing is heard from it before.
constexpr uint64_t kDenied_ns = 5 * kNsPerSecond;

// Nobody is there, or somebody who is connected with another: it may change by itself.
bool is_absence(int os_errno) noexcept {
  return os_errno == ENOENT || os_errno == ECONNREFUSED || os_errno == ECONNRESET || os_errno == EPIPE ||
         os_errno == EPERM;
}

}  // namespace

Result<> UnixCable::open(PortHost& host) {
  host_ = &host;
  const auto remote = unix_address(options_.remote);
  if (!remote) return remote.error();
  std::memcpy(&remote_.storage, &remote.value().address, sizeof remote.value().address);
  remote_.length = remote.value().length;
  for (Fd* const fd : {&socket_, &waiter_}) {
    auto made = unix_socket(SOCK_DGRAM);
    if (!made) return made.error();
    *fd = std::move(made.value());
  }
  auto bound = UnixName::bind(socket_.get(), SOCK_DGRAM, options_.local, options_.access);
  if (!bound) return bound.error();
  name_ = std::move(bound.value());
  host.note("listens_on", options_.local);
  if (name_.replaced_stale()) host.note("stale_socket", "replaced");
  size_receive_buffer(host, socket_.get(), options_.buffer);
  size_send_buffer(socket_.get(), options_.buffer);
  sender_.emplace(host, static_cast<SendRecovery&>(*this), false);
  sender_->use(socket_.get(), &remote_, EPOLLIN);
  host.note("send_offload", "none: no UDP");
  const auto looked = look();
  if (!looked && !is_absence(looked.error().os_errno)) return looked;
  opened_ = true;
  host.arm(host.now_ns() + kLookEvery_ns);
  return host.watch(socket_.get(), EPOLLIN);
}

void UnixCable::on_ready(int fd, uint32_t events) {
  if (fd == waiter_.get() || (events & EPOLLOUT) != 0) sender_->flush();
  if (fd == socket_.get() && (events & (EPOLLIN | EPOLLERR)) != 0) reader_.receive(fd, *host_, *this);
}

void UnixCable::on_timer(uint64_t now_ns) {
  host_->arm(now_ns + kLookEvery_ns);
  sender_->flush();  // which may want to come back sooner
  (void)look();
}

TxResult UnixCable::transmit(const FrameBatch& batch, Picks picks) noexcept {
  if (there_ || look()) return sender_->transmit(batch, picks);
  TxResult result;
  for (const uint16_t index : picks) result.dropped += wire_frames(batch.meta(index));
  host_->counters().drop(TxDrop::no_peer, result.dropped);
  return result;
}

void UnixCable::close() noexcept {
  if (host_ == nullptr) return;
  if (sender_) sender_->close();
  for (Fd* const fd : {&socket_, &waiter_}) {
    if (*fd) host_->unwatch(fd->get());
    fd->reset();
  }
  name_.remove();
  host_ = nullptr;
}

// By name: anybody may send to our path who may write to it.
std::optional<RxDrop> UnixCable::judge(const SockAddr& sender) noexcept {
  constexpr size_t kBefore = offsetof(sockaddr_un, sun_path);
  sockaddr_un address;
  std::memcpy(&address, &sender.storage, sizeof address);
  const size_t given = sender.length > kBefore ? sender.length - kBefore : 0;
  const size_t octets = strnlen(address.sun_path, std::min(given, sizeof address.sun_path));
  if (std::string_view(address.sun_path, octets) != options_.remote) return RxDrop::not_peer;
  denied_until_ns_ = 0;
  if (!there_) set_there(true, 0);
  return std::nullopt;
}

TxDrop UnixCable::reason(int os_errno) noexcept {
  if (!is_absence(os_errno)) return SendRecovery::reason(os_errno);
  if (os_errno == EPERM) denied_until_ns_ = host_->now_ns() + kDenied_ns;
  set_there(false, os_errno);
  return TxDrop::no_peer;
}

// What to wait on: our own buffer, while what the peer has not read fills it; else the peer's queue.
int UnixCable::room_fd(int fd) noexcept {
  pollfd own{fd, POLLOUT, 0};
  if (poll(&own, 1, 0) == 0) return fd;
  (void)look();  // who may be another since the last time
  return waiter_.get();
}

Result<> UnixCable::look() {
  auto found = unix_connect(waiter_.get(), options_.remote);
  // One that is connected itself, with us as likely as with another, lets nobody else connect: a send will
  // tell.
  if (!found && found.error().os_errno == EPERM && host_->now_ns() >= denied_until_ns_) found = Result<>();
  set_there(found.ok(), found ? 0 : found.error().os_errno);
  return found;
}

void UnixCable::set_there(bool there, int os_errno) noexcept {
  if (there == there_) return;
  there_ = there;
  if (there && was_lost_ && opened_) host_->counters().reconnects.add(1);
  was_lost_ |= !there && opened_;
  host_->report({there ? PortState::up : PortState::reconnecting, "peer",
                 options_.remote + (there ? ": is there" : ": nobody is there"), os_errno});
}

}  // namespace ethercast
