#include "helper/netlink.h"

#include <sys/socket.h>

#include <cerrno>
#include <memory>

#include "helper/descriptors.h"
#include "helper/privileges.h"

namespace ethercast::helper {

namespace {
// The kernel's own bound for one message of a dump.
constexpr size_t kReply = 32768;
}  // namespace

Netlink::Netlink(uint16_t type, uint16_t flags) noexcept : used_(NLMSG_LENGTH(0)) {
  header().nlmsg_type = type;
  header().nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
}

void Netlink::append(const void* data, size_t length) noexcept {
  const size_t padded = NLMSG_ALIGN(length);
  if (padded > kMost - used_) {
    overrun_ = true;
    return;
  }
  if (length != 0) std::memcpy(octets_ + used_, data, length);
  used_ += padded;
}

Netlink& Netlink::attribute(uint16_t type, const void* data, size_t length) noexcept {
  const rtattr attribute{static_cast<unsigned short>(RTA_LENGTH(length)), type};
  append(&attribute, sizeof attribute);
  append(data, length);
  return *this;
}

Netlink& Netlink::open(uint16_t type) noexcept {
  if (depth_ == kMostDepth) {
    overrun_ = true;
    return *this;
  }
  open_at_[depth_++] = used_;
  return attribute(type, nullptr, 0);
}

Netlink& Netlink::close() noexcept {
  if (depth_ == 0 || overrun_) return *this;
  const size_t at = open_at_[--depth_];
  const auto length = static_cast<unsigned short>(used_ - at);
  std::memcpy(octets_ + at, &length, sizeof length);  // rta_len comes first
  return *this;
}

int Netlink::change() noexcept {
  header().nlmsg_flags |= NLM_F_ACK;
  // Both count for the kernel: who opens the socket, and who sends.
  const Raised raised;
  return exchange(nullptr);
}

int Netlink::look(const std::function<bool(const nlmsghdr&)>& see) noexcept { return exchange(&see); }

int Netlink::exchange(const std::function<bool(const nlmsghdr&)>* see) noexcept {
  if (overrun_) return EMSGSIZE;
  header().nlmsg_len = static_cast<uint32_t>(used_);
  const bool dump = (header().nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
  const Fd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!socket) return errno;
  if (::send(socket.get(), octets_, used_, 0) < 0) return errno;
  struct alignas(nlmsghdr) Reply {
    char octets[kReply];
  };
  const auto reply = std::make_unique<Reply>();
  for (;;) {
    const ssize_t got = ::recv(socket.get(), reply->octets, kReply, MSG_TRUNC);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno;
    if (static_cast<size_t>(got) > kReply) return EMSGSIZE;
    auto left = static_cast<unsigned>(got);
    for (auto* each = reinterpret_cast<const nlmsghdr*>(reply->octets); NLMSG_OK(each, left);
         each = NLMSG_NEXT(each, left)) {
      if (each->nlmsg_type == NLMSG_DONE) return 0;
      if (each->nlmsg_type == NLMSG_ERROR) {
        if (each->nlmsg_len < NLMSG_LENGTH(sizeof(nlmsgerr))) return EPROTO;
        return -static_cast<const nlmsgerr*>(NLMSG_DATA(each))->error;  // 0: acknowledged
      }
      if (see != nullptr && !(*see)(*each)) return 0;
      if (!dump) return 0;
    }
  }
}

}  // namespace ethercast::helper
