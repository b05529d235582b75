// Taps that stay without a program, and the numbers of users and groups; in a network namespace of the
// test's own.
#include "engine/tun_persist.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cerrno>

#include "engine/accounts.h"
#include "engine/link_setup.h"
#include "test/support/tap_rig.h"

using namespace ethercast;
using namespace ethercast::test;

namespace {
LinkInfo link_of(const std::string& name) {
  auto link = look_up_link(name);
  REQUIRE(link);
  REQUIRE(link.value());
  return *link.value();
}
bool is_there(const std::string& name) {
  auto link = look_up_link(name);
  REQUIRE(link);
  return link.value().has_value();
}
}  // namespace

TEST_CASE("tun_persist: makes a tap that stays, changes whose it is, and lets it go") {
  const Namespace own;
  if (no_taps(own)) return;
  TunPersistence wanted;
  wanted.device = "lan%d";
  wanted.owner = 1234;
  auto made = set_tun_persistence(wanted);
  REQUIRE(made);
  CHECK(made.value() == "lan0");
  CHECK(link_of("lan0").is_tap);
  CHECK(link_of("lan0").is_persistent);
  CHECK(link_of("lan0").owner == 1234u);
  CHECK(!link_of("lan0").group);
  wanted.device = "lan0";
  wanted.owner.reset();
  wanted.group = 77;
  REQUIRE(set_tun_persistence(wanted));
  CHECK(link_of("lan0").owner == 1234u);
  CHECK(link_of("lan0").group == 77u);
  wanted.persist = false;
  REQUIRE(set_tun_persistence(wanted));
  CHECK(!is_there("lan0"));
}

TEST_CASE("tun_persist: without Ethernet it is a TUN device; without a name the next free one") {
  const Namespace own;
  if (no_taps(own)) return;
  TunPersistence wanted;
  wanted.ethernet = false;
  const auto bare = set_tun_persistence(wanted);
  REQUIRE(bare);
  CHECK(bare.value() == "tun0");
  CHECK(link_of("tun0").kind == "tun");
  wanted.ethernet = true;
  const auto tap = set_tun_persistence(wanted);
  REQUIRE(tap);
  CHECK(tap.value() == "tap0");
}

TEST_CASE("tun_persist: the kernel's errors, with the call that failed") {
  const Namespace own;
  if (no_taps(own)) return;
  const auto error = [](const std::string& device, const std::string& clone = "/dev/net/tun") {
    TunPersistence wanted;
    wanted.device = device;
    wanted.clone = clone;
    const auto done = set_tun_persistence(wanted);
    REQUIRE(!done);
    return done.error();
  };
  const Error other = error("lo");
  CHECK(other.os_errno == EINVAL);
  CHECK(other.message == "Invalid argument");
  CHECK(std::string(other.syscall) == "TUNSETIFF");
  CHECK(std::string(error("", "/nonexistent").syscall) == "open");
  CHECK(error("", "/dev/null").os_errno == ENOTTY);
  CHECK(error("a name of 16 oct").code == Errc::field);
  CHECK(error(std::string("a\0b", 3)).code == Errc::field);
}

TEST_CASE("accounts: names have numbers, numbers are no names") {
  CHECK(account_number(Account::user, "root") == 0u);
  CHECK(account_number(Account::group, "root") == 0u);
  CHECK(!account_number(Account::user, "no-such-user-here"));
  CHECK(!account_number(Account::group, ""));
  CHECK(!account_number(Account::user, "0"));
  CHECK(!account_number(Account::user, std::string("root\0x", 6)));
}
