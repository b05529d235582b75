#include "engine/address.h"

#include <arpa/inet.h>

#include <cstring>

namespace ethercast {

Result<SockAddr> SockAddr::parse(const std::string& field, const std::string& text, uint16_t port) {
  SockAddr address;
  if (inet_pton(AF_INET, text.c_str(), &address.v4.sin_addr) == 1) {
    address.v4.sin_family = AF_INET;
    address.v4.sin_port = htons(port);
    address.length = sizeof(sockaddr_in);
    return address;
  }
  if (inet_pton(AF_INET6, text.c_str(), &address.v6.sin6_addr) == 1) {
    address.v6.sin6_family = AF_INET6;
    address.v6.sin6_port = htons(port);
    address.length = sizeof(sockaddr_in6);
    return address;
  }
  return Error::bad_field(field, field + " " + text + " is not an IPv4 or IPv6 address");
}

SockAddr SockAddr::wildcard(int family, uint16_t port) noexcept {
  SockAddr address;
  address.any.sa_family = static_cast<sa_family_t>(family);
  if (family == AF_INET6) {
    address.v6.sin6_port = htons(port);
    address.length = sizeof(sockaddr_in6);
  } else {
    address.v4.sin_port = htons(port);
    address.length = sizeof(sockaddr_in);
  }
  return address;
}

bool SockAddr::is_multicast() const noexcept {
  return is_v6() ? v6.sin6_addr.s6_addr[0] == 0xff : (ntohl(v4.sin_addr.s_addr) >> 28) == 0xe;
}

bool SockAddr::is_wildcard() const noexcept { return same_address(wildcard(family(), 0)); }

std::string SockAddr::text() const {
  char buffer[INET6_ADDRSTRLEN] = "";
  const void* octets = is_v6() ? static_cast<const void*>(&v6.sin6_addr) : &v4.sin_addr;
  inet_ntop(family(), octets, buffer, sizeof buffer);
  return buffer;
}

bool SockAddr::same_address(const SockAddr& other) const noexcept {
  if (family() != other.family()) return false;
  if (is_v6()) return std::memcmp(&v6.sin6_addr, &other.v6.sin6_addr, 16) == 0;
  return v4.sin_addr.s_addr == other.v4.sin_addr.s_addr;
}

SockAddr local_address(int fd) noexcept {
  SockAddr address;
  address.length = sizeof address.storage;
  if (getsockname(fd, &address.any, &address.length) != 0) return SockAddr();
  return address;
}

}  // namespace ethercast
