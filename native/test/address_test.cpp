// SockAddr, interfaces and routes of this host.
#include "engine/address.h"

#include <doctest/doctest.h>
#include <net/if.h>

#include <algorithm>

#include "engine/identities.h"
#include "engine/interfaces.h"
#include "test/support/sockets.h"

using namespace ethercast;
using namespace ethercast::test;

TEST_CASE("address: parsed and written") {
  for (const char* text : {"127.0.0.1", "239.192.168.1", "0.0.0.0", "255.255.255.255", "::", "::1", "ff12::1",
                           "fe80::1234:5678:9abc:def0", "2001:db8::1"}) {
    const auto parsed = SockAddr::parse("group", text, 1102);
    REQUIRE(parsed.ok());
    CHECK(parsed.value().text() == text);
    CHECK(parsed.value().port() == 1102);
  }
  CHECK(address("127.0.0.1", 1).length == sizeof(sockaddr_in));
  CHECK(address("::1", 1).length == sizeof(sockaddr_in6));
  CHECK(address("2001:DB8:0:0::1", 1).text() == "2001:db8::1");
}

TEST_CASE("address: what is none, with the field's name in the error") {
  for (const char* text : {"", " ", "localhost", "127.0.0", "127.0.0.1.1", "127.0.0.256", "1", "0x7f.1",
                           "::g", ":::", "[::1]", "fe80::1%lo", "127.0.0.1 ", "239.192.168.1/24"}) {
    CAPTURE(text);
    const auto parsed = SockAddr::parse("remote", text, 1);
    REQUIRE_FALSE(parsed.ok());
    CHECK(parsed.error().field == "remote");
    CHECK(parsed.error().message == std::string("remote ") + text + " is not an IPv4 or IPv6 address");
  }
}

TEST_CASE("address: kinds") {
  for (const char* text : {"224.0.0.0", "239.255.255.255", "ff02::1", "ff00::"})
    CHECK(address(text, 1).is_multicast());
  for (const char* text : {"223.255.255.255", "240.0.0.0", "0.0.0.0", "fe80::1", "::"}) {
    CHECK_FALSE(address(text, 1).is_multicast());
  }
  CHECK(address("0.0.0.0", 5).is_wildcard());
  CHECK(address("::", 5).is_wildcard());
  CHECK_FALSE(address("0.0.0.1", 5).is_wildcard());
  CHECK_FALSE(SockAddr().is_multicast());
  CHECK(SockAddr().text().empty());
}

TEST_CASE("address: equal by address and port, not by scope") {
  CHECK(address("127.0.0.1", 5) == address("127.0.0.1", 5));
  CHECK_FALSE(address("127.0.0.1", 5) == address("127.0.0.1", 6));
  CHECK_FALSE(address("127.0.0.1", 5) == address("127.0.0.2", 5));
  CHECK_FALSE(address("0.0.0.0", 5) == address("::", 5));
  SockAddr scoped = address("fe80::1", 5);
  scoped.v6.sin6_scope_id = 7;
  CHECK(scoped == address("fe80::1", 5));
}

TEST_CASE("address: what a socket is bound to") {
  const Fd fd = loopback_socket();
  CHECK(local_address(fd.get()).text() == "127.0.0.1");
  CHECK(local_address(fd.get()).port() != 0);
  CHECK(local_address(-1).length == 0);
}

TEST_CASE("interfaces: loopback is there, and found by name, index and address") {
  const auto all = list_interfaces();
  REQUIRE(all.ok());
  const auto& found = all.value();
  const auto lo =
      std::find_if(found.begin(), found.end(), [](const Interface& each) { return each.name == "lo"; });
  REQUIRE(lo != found.end());
  CHECK((lo->flags & IFF_LOOPBACK) != 0);
  CHECK(lo->mtu >= 1280);
  CHECK(lo->first_address(AF_INET).text() == "127.0.0.1");
  CHECK(lo->first_address(AF_UNIX).length == 0);
  CHECK(find_interface("lo").value().index == lo->index);
  CHECK(find_interface(std::to_string(lo->index)).value().name == "lo");
  CHECK(find_interface("127.0.0.1").value().name == "lo");
  CHECK(interface_by_index(lo->index).value().name == "lo");
  CHECK(is_of_this_host(address("127.0.0.1", 99)));
  CHECK_FALSE(is_of_this_host(address("192.0.2.77", 99)));  // documentation only (RFC 5737)
}

TEST_CASE("interfaces: an unknown one is refused with the names there are") {
  for (const char* wanted : {"nope0", "", "999999", "192.0.2.77", "lo ", "-1", "1x"}) {
    CAPTURE(wanted);
    const auto found = find_interface(wanted);
    REQUIRE_FALSE(found.ok());
    CHECK(found.error().code == Errc::field);
    CHECK(found.error().field == "interface");
    CHECK(found.error().message.find("lo") != std::string::npos);
  }
  CHECK(interface_by_index(999999).error().os_errno == ENODEV);
}

TEST_CASE("routes: to loopback, and to a group through it") {
  const auto lo = find_interface("lo");
  REQUIRE(lo.ok());
  const auto home = route_to(address("127.0.0.1", 0));
  REQUIRE(home.ok());
  CHECK(home.value().interface_index == lo.value().index);
  CHECK(home.value().mtu == lo.value().mtu);
  CHECK(home.value().source.text() == "127.0.0.1");
  const auto group = route_to(address("239.192.1.2", 0), lo.value().index);
  REQUIRE(group.ok());
  CHECK(group.value().interface_index == lo.value().index);
  CHECK_FALSE(route_to(address("239.192.1.2", 0), 999999).ok());
}

TEST_CASE("identities: the present source is own, former ones for a while") {
  Identities identities;
  const SockAddr first = address("127.0.0.1", 1000), second = address("127.0.0.1", 2000);
  const uint64_t now = 1000 * kNsPerSecond;
  CHECK_FALSE(identities.is_own(first, now));
  identities.adopt(first, now);
  CHECK(identities.is_own(first, now + 3600 * kNsPerSecond));
  CHECK_FALSE(identities.is_own(second, now));
  identities.adopt(second, now);
  CHECK(identities.present() == second);
  CHECK(identities.is_own(first, now + Identities::kLife_ns - 1));
  CHECK_FALSE(identities.is_own(first, now + Identities::kLife_ns));
  CHECK(identities.is_own(second, now + 3600 * kNsPerSecond));
  // Two reopenings in a row: the one before the last is still known.
  identities.adopt(address("127.0.0.1", 3000), now);
  CHECK(identities.is_own(first, now));
  CHECK(identities.is_own(second, now));
}

TEST_CASE("identities: a source without an address is told by its port, on any address of this host") {
  Identities identities;
  identities.adopt(address("0.0.0.0", 1000), 1);
  CHECK(identities.is_own(address("127.0.0.1", 1000), 2));
  CHECK_FALSE(identities.is_own(address("127.0.0.1", 1001), 2));
  CHECK_FALSE(identities.is_own(address("192.0.2.77", 1000), 2));
}
