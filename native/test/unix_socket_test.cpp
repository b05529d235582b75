// Sockets with names: modes, dead ones replaced, everything else left alone.
#include "engine/unix_socket.h"

#include <doctest/doctest.h>
#include <fcntl.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>

#include "core/backoff.h"

using namespace ethercast;

namespace {

// A folder of the test's own, gone with all that is in it.
class Folder {
 public:
  Folder() {
    char pattern[] = "/tmp/ethercast-unix-XXXXXX";
    REQUIRE(mkdtemp(pattern) != nullptr);
    path_ = pattern;
  }
  ~Folder() { [[maybe_unused]] const int gone = std::system(("rm -rf " + path_).c_str()); }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

Fd listener() {
  auto made = unix_socket(SOCK_STREAM);
  REQUIRE(made.ok());
  return std::move(made.value());
}

struct stat look(const std::string& path) {
  struct stat status {};
  CHECK(lstat(path.c_str(), &status) == 0);
  return status;
}
bool is_there(const std::string& path) {
  struct stat status {};
  return lstat(path.c_str(), &status) == 0;
}

int bind_errno(const std::string& path) {
  const Fd socket = listener();
  auto bound = UnixName::bind(socket.get(), SOCK_STREAM, path, {});
  return bound ? 0 : bound.error().os_errno;
}

}  // namespace

TEST_CASE("unix: a name has its mode and group, and goes with its owner") {
  const Folder folder;
  const std::string path = folder / "lan";
  {
    const Fd socket = listener();
    const mode_t before = umask(022);
    auto bound = UnixName::bind(socket.get(), SOCK_STREAM, path, {.mode = 0660, .group = getegid()});
    umask(before);
    REQUIRE(bound.ok());
    CHECK((look(path).st_mode & 0777) == 0660);
    CHECK(look(path).st_gid == getegid());
    CHECK_FALSE(bound.value().replaced_stale());
    REQUIRE(listen(socket.get(), 1) == 0);
    const Fd client = listener();
    CHECK(unix_connect(client.get(), path).ok());
    CHECK(bind_errno(path) == EADDRINUSE);
  }
  CHECK_FALSE(is_there(path));
}

TEST_CASE("unix: without a mode the umask decides") {
  const Folder folder;
  const Fd socket = listener();
  const mode_t before = umask(027);
  auto bound = UnixName::bind(socket.get(), SOCK_STREAM, folder / "lan", {});
  umask(before);
  REQUIRE(bound.ok());
  CHECK((look(folder / "lan").st_mode & 0777) == 0750);
}

TEST_CASE("unix: a dead socket is replaced, anything else stays") {
  const Folder folder;
  const std::string path = folder / "lan";
  {
    const Fd dead = listener();
    const auto address = unix_address(path);
    REQUIRE(bind(dead.get(), address.value().get(), address.value().length) == 0);
  }
  const Fd socket = listener();
  auto bound = UnixName::bind(socket.get(), SOCK_STREAM, path, {});
  REQUIRE(bound.ok());
  CHECK(bound.value().replaced_stale());

  std::ofstream(folder / "file") << "mine";
  CHECK(bind_errno(folder / "file") == EEXIST);
  REQUIRE(symlink((folder / "elsewhere").c_str(), (folder / "link").c_str()) == 0);
  CHECK(bind_errno(folder / "link") == EEXIST);
  CHECK_FALSE(is_there(folder / "elsewhere"));
  CHECK(bind_errno(folder / "nowhere/lan") == ENOENT);
  CHECK(unix_address(std::string(108, 'x')).error().field == "path");
}

TEST_CASE("unix: of two that start at once the second is refused, and does not take the first for dead") {
  const Folder folder;
  const std::string path = folder / "lan";
  const Fd first = listener();
  const auto one = UnixName::bind(first.get(), SOCK_STREAM, path, {});
  REQUIRE(one.ok());
  CHECK(bind_errno(path) == EADDRINUSE);
  CHECK(is_there(path));
}

TEST_CASE("unix: a name that is somebody else's by now is not removed") {
  const Folder folder;
  const std::string path = folder / "lan";
  const Fd first = listener(), second = listener();
  auto one = UnixName::bind(first.get(), SOCK_STREAM, path, {});
  REQUIRE(one.ok());
  REQUIRE(rename(path.c_str(), (folder / "old").c_str()) == 0);
  auto two = UnixName::bind(second.get(), SOCK_STREAM, path, {});
  REQUIRE(two.ok());
  one.value().remove();
  CHECK(is_there(path));
  two.value().remove();
  CHECK_FALSE(is_there(path));
}

TEST_CASE("unix: ways that others control are refused") {
  const Folder folder;
  REQUIRE(mkdir((folder / "open").c_str(), 0777) == 0);
  REQUIRE(chmod((folder / "open").c_str(), 0777) == 0);
  CHECK(bind_errno(folder / "open/lan") == EPERM);
  REQUIRE(chmod((folder / "open").c_str(), 01777) == 0);
  CHECK(bind_errno(folder / "open/lan") == 0);
  REQUIRE(mkdir((folder / "own").c_str(), 0700) == 0);
  REQUIRE(symlink("own", (folder / "open/way").c_str()) == 0);
  REQUIRE(symlink((folder / "own").c_str(), (folder / "open/far").c_str()) == 0);
  CHECK(bind_errno(folder / "open/far/lan") == 0);
  CHECK(bind_errno(folder / "open/way/lan") == ENOENT);
  if (geteuid() != 0) return;
  constexpr uid_t kNobody = 65534;
  REQUIRE(lchown((folder / "open/far").c_str(), kNobody, kNobody) == 0);
  CHECK(bind_errno(folder / "open/far/lan") == EPERM);
  // Another user's dead socket in a shared folder.
  {
    const Fd dead = listener();
    const auto address = unix_address(folder / "open/dead");
    REQUIRE(bind(dead.get(), address.value().get(), address.value().length) == 0);
    REQUIRE(chown((folder / "open/dead").c_str(), kNobody, kNobody) == 0);
  }
  CHECK(bind_errno(folder / "open/dead") == EPERM);
  CHECK(is_there(folder / "open/dead"));
}

TEST_CASE("unix: connecting says what is wrong") {
  const Folder folder;
  const Fd socket = listener();
  CHECK(unix_connect(socket.get(), folder / "nobody").error().os_errno == ENOENT);
  std::ofstream(folder / "file") << "";
  CHECK(unix_connect(socket.get(), folder / "file").error().os_errno == ECONNREFUSED);
  auto packets = unix_socket(SOCK_SEQPACKET);
  REQUIRE(packets.ok());
  auto bound = UnixName::bind(packets.value().get(), SOCK_SEQPACKET, folder / "packets", {});
  REQUIRE(bound.ok());
  REQUIRE(listen(packets.value().get(), 1) == 0);
  CHECK(unix_connect(socket.get(), folder / "packets").error().os_errno == EPROTOTYPE);
}

TEST_CASE("unix: access is read from a configuration") {
  Config config;
  config.set("mode", std::string("0660"));
  config.set("group", std::string("0"));
  auto access = read_unix_access(config);
  REQUIRE(access.ok());
  CHECK(access.value().mode == 0660);
  CHECK(access.value().group == 0u);
  CHECK(read_unix_access(Config()).value().mode == 0600);
  Config as_bound;
  as_bound.set("mode", std::string("umask"));
  CHECK_FALSE(read_unix_access(as_bound).value().mode.has_value());
  Config wrong;
  wrong.set("mode", std::string("0888"));
  CHECK(read_unix_access(wrong).error().field == "mode");
  Config nobody;
  nobody.set("group", std::string("no-such-group-here"));
  CHECK(read_unix_access(nobody).error().field == "group");
}

TEST_CASE("backoff: doubles, is bounded, and starts anew") {
  Backoff backoff;
  CHECK(backoff.next_ns() == Backoff::kFirst_ns);
  CHECK(backoff.next_ns() == 2 * Backoff::kFirst_ns);
  for (int i = 0; i < 10; ++i) backoff.next_ns();
  CHECK(backoff.next_ns() == Backoff::kLongest_ns);
  backoff.reset();
  CHECK(backoff.next_ns() == Backoff::kFirst_ns);
}
