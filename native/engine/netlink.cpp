#include "engine/netlink.h"

#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cerrno>

#include "engine/fd.h"

namespace ethercast {

NetlinkRequest::NetlinkRequest(uint16_t type, uint16_t flags) noexcept {
  header().nlmsg_len = NLMSG_LENGTH(0);
  header().nlmsg_type = type;
  header().nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
}

void NetlinkRequest::attribute(uint16_t type, const void* data, uint16_t length) noexcept {
  auto* attribute = reinterpret_cast<rtattr*>(octets_ + NLMSG_ALIGN(header().nlmsg_len));
  attribute->rta_type = type;
  attribute->rta_len = static_cast<uint16_t>(RTA_LENGTH(length));
  if (length != 0) std::memcpy(RTA_DATA(attribute), data, length);
  header().nlmsg_len = NLMSG_ALIGN(header().nlmsg_len) + RTA_ALIGN(attribute->rta_len);
}

int NetlinkRequest::ask(std::span<char> buffer, std::span<const char>& reply) const noexcept {
  reply = {};
  const Fd netlink(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!netlink) return errno;
  if (::send(netlink.get(), octets_, header().nlmsg_len, 0) < 0) return errno;
  ssize_t got;
  do {
    got = ::recv(netlink.get(), buffer.data(), buffer.size(), 0);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return errno;
  const auto* answer = reinterpret_cast<const nlmsghdr*>(buffer.data());
  if (!NLMSG_OK(answer, static_cast<size_t>(got))) return EPROTO;
  if (answer->nlmsg_type == NLMSG_ERROR) {
    return -static_cast<const nlmsgerr*>(NLMSG_DATA(answer))->error;  // 0: acknowledged
  }
  reply = {buffer.data(), static_cast<size_t>(got)};
  return 0;
}

int NetlinkRequest::ask() const noexcept {
  alignas(nlmsghdr) char buffer[1024];
  std::span<const char> reply;
  return ask(buffer, reply);
}

}  // namespace ethercast
