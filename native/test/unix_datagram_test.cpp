// Data sockets of AF_UNIX: names of the full length, and whose socket may be named by whom.
#include "engine/unix_datagram.h"

#include <doctest/doctest.h>
#include <sys/un.h>

#include <cerrno>

#include "engine/unix_socket.h"
#include "test/support/folder.h"

using namespace ethercast;
using namespace ethercast::test;

TEST_CASE("unix datagram: an abstract name has the full length, whatever it says") {
  const Fd one = std::move(unix_socket(SOCK_DGRAM).value()), two = std::move(unix_socket(SOCK_DGRAM).value());
  const auto first = bind_abstract(one.get(), "test"),
             second = bind_abstract(two.get(), std::string(200, 'x'));
  REQUIRE(first);
  REQUIRE(second);
  CHECK(first.value().rfind("test-", 0) == 0);
  CHECK(second.value() == std::string(107, 'x'));
  for (const Fd* const fd : {&one, &two}) {
    sockaddr_un name{};
    socklen_t length = sizeof name;
    CHECK(getsockname(fd->get(), reinterpret_cast<sockaddr*>(&name), &length) == 0);
    CHECK(length == 110);
    CHECK(name.sun_path[0] == 0);
  }
}

TEST_CASE("unix datagram: another user's data socket is not for the asking") {
  const Folder folder;
  const std::string path = folder / "theirs";
  const Fd victim = std::move(unix_socket(SOCK_DGRAM).value());
  const auto address = unix_address(path).value();
  REQUIRE(bind(victim.get(), address.get(), address.length) == 0);
  const Fd socket = std::move(unix_socket(SOCK_DGRAM).value());
  CHECK(connect_owned(socket.get(), path, 12345) == EPERM);
  CHECK(connect_owned(socket.get(), folder.path(), 0) == ENOTSOCK);
  CHECK(connect_owned(socket.get(), folder / "no", 0) == ENOENT);
  CHECK(symlink(path.c_str(), (folder / "link").c_str()) == 0);
  CHECK(connect_owned(socket.get(), folder / "link", 0) != 0);
  CHECK(connect_owned(socket.get(), path, geteuid()) == 0);
}
