// Asking rtnetlink(7) one thing at a time: a request with its attributes, and the one answer to it.
#pragma once

#include <linux/netlink.h>

#include <cstdint>
#include <cstring>
#include <span>

namespace ethercast {

class NetlinkRequest {
 public:
  NetlinkRequest(uint16_t type, uint16_t flags) noexcept;

  // The fixed part, such as an ifinfomsg; comes first.
  template <typename T>
  void body(const T& value) noexcept {
    std::memcpy(octets_ + NLMSG_LENGTH(0), &value, sizeof value);
    header().nlmsg_len = NLMSG_LENGTH(sizeof value);
  }
  void attribute(uint16_t type, const void* data, uint16_t length) noexcept;
  void attribute(uint16_t type, uint32_t value) noexcept { attribute(type, &value, sizeof value); }

  // Sends it and waits for what the kernel answers at once: the reply, or the acknowledgement (then the span
  // is empty). Returns 0 or an errno. `buffer` takes the reply.
  int ask(std::span<char> buffer, std::span<const char>& reply) const noexcept;
  int ask() const noexcept;

 private:
  nlmsghdr& header() noexcept { return *reinterpret_cast<nlmsghdr*>(octets_); }
  const nlmsghdr& header() const noexcept { return *reinterpret_cast<const nlmsghdr*>(octets_); }

  alignas(nlmsghdr) char octets_[256] = {};  // more than any request of ours
};

}  // namespace ethercast
