// SockAddr: an IPv4 or IPv6 socket address with its length.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>

#include "core/result.h"

namespace ethercast {

struct SockAddr {
  union {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
    sockaddr_storage storage;
  };
  socklen_t length = 0;

  SockAddr() noexcept : storage{} {}

  // `text`: an IPv4 or IPv6 address without zone or brackets; no names are looked up.
  static Result<SockAddr> parse(const std::string& field, const std::string& text, uint16_t port);
  // The wildcard address of a family.
  static SockAddr wildcard(int family, uint16_t port) noexcept;

  int family() const noexcept { return any.sa_family; }
  bool is_v6() const noexcept { return any.sa_family == AF_INET6; }
  uint16_t port() const noexcept { return ntohs(is_v6() ? v6.sin6_port : v4.sin_port); }
  void set_port(uint16_t port) noexcept { (is_v6() ? v6.sin6_port : v4.sin_port) = htons(port); }
  bool is_multicast() const noexcept;
  bool is_wildcard() const noexcept;
  std::string text() const;  // the address alone

  // Same address; scope ids are not compared, since the kernel leaves them out where they say nothing.
  bool same_address(const SockAddr& other) const noexcept;
  bool operator==(const SockAddr& other) const noexcept {
    return port() == other.port() && same_address(other);
  }
};

// What a socket is bound to; an empty address on failure.
SockAddr local_address(int fd) noexcept;

}  // namespace ethercast
