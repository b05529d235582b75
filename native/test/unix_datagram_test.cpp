// Data sockets of AF_UNIX: names of the full length, and whose socket may be named by whom.
#include "engine/unix_datagram.h"

#include <doctest/doctest.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "engine/datagram_reader.h"
#include "engine/unix_socket.h"
#include "test/support/fake_host.h"
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

namespace {

struct Anybody final : SenderJudge {
  std::optional<RxDrop> judge(const SockAddr&) noexcept override { return std::nullopt; }
};

// A frame with `descriptor` beside it (SCM_RIGHTS).
bool send_with(int fd, const Octets& frame, int descriptor) {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  iovec octets{const_cast<uint8_t*>(frame.data()), frame.size()};
  msghdr message{};
  message.msg_iov = &octets;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* const rights = CMSG_FIRSTHDR(&message);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(rights), &descriptor, sizeof descriptor);
  return sendmsg(fd, &message, MSG_NOSIGNAL) == static_cast<ssize_t>(frame.size());
}

auto open_descriptors() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"),
                       std::filesystem::directory_iterator());
}

}  // namespace

TEST_CASE("unix datagram: descriptors that a peer sends along do not become ours") {
  int ends[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends) == 0);
  const Fd ours(ends[0]), theirs(ends[1]);
  FakeHost host;
  Anybody anybody;
  DatagramReader reader;
  const auto before = open_descriptors();
  const Octets frame = make_frame(kBroadcastMac, station(1), 60, 1);
  for (int i = 0; i < 5; ++i) REQUIRE(send_with(theirs.get(), frame, theirs.get()));
  reader.receive(ours.get(), host, anybody);
  CHECK(host.frames == std::vector<Octets>(5, frame));
  CHECK(open_descriptors() == before);
}
