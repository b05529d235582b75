// rtnetlink(7) as the helper needs it: bounded requests, their acknowledgement, and dumps. It has its own,
// apart from the engine's, so that what runs with privileges is as small as can be.
#pragma once

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <cstdint>
#include <cstring>
#include <functional>

namespace ethercast::helper {

class Netlink {
 public:
  Netlink(uint16_t type, uint16_t flags) noexcept;

  // The fixed part comes first.
  template <typename T>
  Netlink& body(const T& value) noexcept {
    append(&value, sizeof value);
    return *this;
  }
  Netlink& attribute(uint16_t type, const void* data, size_t length) noexcept;
  template <typename T>
  Netlink& attribute(uint16_t type, const T& value) noexcept {
    return attribute(type, &value, sizeof value);
  }
  // Attributes until close() are within this one.
  Netlink& open(uint16_t type) noexcept;
  Netlink& close() noexcept;

  // Sends it, and waits for the acknowledgement: 0 or an errno.
  int change() noexcept;
  // Sends it, and shows each message of the reply; `see` returns false to see no more. 0 or an errno.
  int look(const std::function<bool(const nlmsghdr&)>& see) noexcept;

 private:
  static constexpr size_t kMost = 512;  // more than any request of the helper's
  static constexpr size_t kMostDepth = 4;

  void append(const void* data, size_t length) noexcept;
  int exchange(const std::function<bool(const nlmsghdr&)>* see) noexcept;
  nlmsghdr& header() noexcept { return *reinterpret_cast<nlmsghdr*>(octets_); }

  alignas(nlmsghdr) char octets_[kMost] = {};
  size_t used_ = 0;
  size_t open_at_[kMostDepth] = {};
  size_t depth_ = 0;
  bool overrun_ = false;
};

// Calls `visit(const rtattr&)` for each attribute behind a fixed part of `fixed` octets.
template <typename Visit>
void each_attribute(const nlmsghdr& message, size_t fixed, Visit visit) {
  const size_t start = NLMSG_ALIGN(fixed);
  if (message.nlmsg_len < NLMSG_LENGTH(start)) return;
  auto left = static_cast<int>(message.nlmsg_len - NLMSG_LENGTH(start));
  const auto* first = static_cast<const char*>(NLMSG_DATA(&message)) + start;
  for (auto* each = reinterpret_cast<const rtattr*>(first); RTA_OK(each, left); each = RTA_NEXT(each, left)) {
    visit(*each);
  }
}
template <typename Visit>
void each_nested(const rtattr& outer, Visit visit) {
  auto left = static_cast<int>(RTA_PAYLOAD(&outer));
  for (auto* each = static_cast<const rtattr*>(RTA_DATA(&outer)); RTA_OK(each, left);
       each = RTA_NEXT(each, left)) {
    visit(*each);
  }
}
template <typename T>
bool read_attribute(const rtattr& attribute, T& value) noexcept {
  if (RTA_PAYLOAD(&attribute) < sizeof value) return false;
  std::memcpy(&value, RTA_DATA(&attribute), sizeof value);
  return true;
}

}  // namespace ethercast::helper
