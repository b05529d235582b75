#include "engine/unix_socket.h"

#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace ethercast {

namespace {

constexpr mode_t kPermissions = 0777;
constexpr mode_t kOwnerAlone = 0600;

bool same_file(const struct stat& one, const struct stat& other) noexcept {
  return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

// Is somebody behind this name? What can't be told counts as alive.
bool is_dead(int type, const std::string& path) {
  const auto probe = unix_socket(type);
  const auto address = unix_address(path);
  if (!probe || !address) return false;
  return connect(probe.value().get(), address.value().get(), address.value().length) != 0 &&
         errno == ECONNREFUSED;
}

// Moves a dead socket out of the way, then looks whether it was the dead one: between looking and removing,
// another starter may have put its own there.
Result<> remove_stale(const UnixFolder& folder, const struct stat& dead, const std::string& path) {
  const std::string aside = "." + folder.name.substr(0, 200) + "." + std::to_string(getpid()) + ".stale";
  if (renameat(folder.fd.get(), folder.name.c_str(), folder.fd.get(), aside.c_str()) != 0) {
    if (errno == ENOENT) return {};
    return Error::os(errno, "rename", path + ": the dead socket there can't be removed");
  }
  struct stat moved {};
  if (fstatat(folder.fd.get(), aside.c_str(), &moved, AT_SYMLINK_NOFOLLOW) == 0 && !same_file(moved, dead)) {
    renameat2(folder.fd.get(), aside.c_str(), folder.fd.get(), folder.name.c_str(), RENAME_NOREPLACE);
    return Error::os(EADDRINUSE, "bind", path + ": another program has just started to listen there");
  }
  unlinkat(folder.fd.get(), aside.c_str(), 0);
  return {};
}

// True: a dead socket was there. Errors: what is there has to stay.
Result<bool> make_room(const UnixFolder& folder, int type, const std::string& path) {
  struct stat there {};
  if (fstatat(folder.fd.get(), folder.name.c_str(), &there, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return false;
    return Error::os(errno, "stat", path + ": what is there can't be looked at");
  }
  if (!S_ISSOCK(there.st_mode)) {
    return Error::os(EEXIST, "bind",
                     path + ": something that is no socket is there, and it stays: choose another path");
  }
  if (there.st_uid != geteuid()) {
    return Error::os(EPERM, "bind",
                     path + ": another user's socket is there, and it stays: choose another path");
  }
  if (!is_dead(type, path)) {
    return Error::os(EADDRINUSE, "bind",
                     path + ": another program listens there: end it, or choose another path");
  }
  if (auto removed = remove_stale(folder, there, path); !removed) return removed.error();
  return true;
}

// What bind() could not give by itself: the group, and the permissions that the umask took. On the file that
// was made, whatever has its name by now.
Result<> give_access(int made, const UnixAccess& access, const std::string& path) {
  if (access.group && fchownat(made, "", static_cast<uid_t>(-1), *access.group, AT_EMPTY_PATH) != 0) {
    return Error::os(errno, "chown", path + ": the group can't be given: it must be one of yours");
  }
  if (!access.mode) return {};
  const std::string self = "/proc/self/fd/" + std::to_string(made);
  if (chmod(self.c_str(), *access.mode) != 0)
    return Error::os(errno, "chmod", path + ": the mode can't be set");
  return {};
}

const char* advice(int error) noexcept {
  switch (error) {
    case ENOENT:
      return ": there is no such socket: start what listens there first";
    case ECONNREFUSED:
      return ": nobody listens there; the socket is left over from a program that has ended";
    case EACCES:
      return ": not allowed: connecting takes the right to write to the socket";
    case EPROTOTYPE:
      return ": a socket of another kind is there";
    case ENOTSOCK:
      return ": that is no socket";
    case EAGAIN:
      return ": whoever listens there has too many waiting already";
    default:
      return ": can't be connected to";
  }
}

}  // namespace

Result<UnixAccess> read_unix_access(const Config& config) {
  UnixAccess access{.mode = kOwnerAlone, .group = {}};
  if (const auto word = config.text("mode"); word && word.value() == "umask") {
    access.mode.reset();
  } else if (config.has("mode")) {
    auto text = config.text("mode");
    if (!text) return text.error();
    char* end = nullptr;
    const unsigned long mode = strtoul(text.value().c_str(), &end, 8);
    if (*end != '\0' || end == text.value().c_str() || mode > kPermissions) {
      return Error::bad_field("mode", "mode " + text.value() + " is no octal number up to 0777");
    }
    access.mode = static_cast<mode_t>(mode);
  }
  if (config.has("group")) {
    auto text = config.text("group");
    if (!text) return text.error();
    char* end = nullptr;
    const unsigned long number = strtoul(text.value().c_str(), &end, 10);
    if (*end == '\0' && end != text.value().c_str() && number < UINT32_MAX) {
      access.group = static_cast<gid_t>(number);
    } else {
      group entry{};
      group* found = nullptr;
      char memory[4096];
      getgrnam_r(text.value().c_str(), &entry, memory, sizeof memory, &found);
      if (found == nullptr) return Error::bad_field("group", "group " + text.value() + " is unknown here");
      access.group = entry.gr_gid;
    }
  }
  return access;
}

Result<UnixAddress> unix_address(const std::string& path) {
  if (path.empty() || path.size() > kMaxUnixPath) {
    return Error::bad_field("path", "the path of a socket has 1 to " + std::to_string(kMaxUnixPath) +
                                        " octets, not " + std::to_string(path.size()));
  }
  UnixAddress result;
  result.address.sun_family = AF_UNIX;
  memcpy(result.address.sun_path, path.data(), path.size());
  result.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return result;
}

Result<Fd> unix_socket(int type) {
  Fd fd(socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return Error::os(errno, "socket", "a Unix socket can't be made");
  return fd;
}

Result<> unix_connect(int socket, const std::string& path) {
  const auto address = unix_address(path);
  if (!address) return address.error();
  if (connect(socket, address.value().get(), address.value().length) == 0) return {};
  const int error = errno;
  return Error::os(error, "connect", path + advice(error));
}

Result<UnixName> UnixName::bind(int socket, int type, const std::string& path, const UnixAccess& access) {
  const auto address = unix_address(path);
  if (!address) return address.error();
  UnixName name;
  auto folder = open_folder_of(path);
  if (!folder) return folder.error();
  const auto room = make_room(folder.value(), type, path);
  if (!room) return room.error();
  name.replaced_ = room.value();
  // bind() gives the file the mode of the unbound socket without the umask's bits: never more than is wanted,
  // not even for a moment. A group is still to come, so nobody but the owner until then.
  if (access.mode && fchmod(socket, access.group ? *access.mode & S_IRWXU : *access.mode) != 0) {
    return Error::os(errno, "fchmod", path + ": the mode can't be set");
  }
  if (::bind(socket, address.value().get(), address.value().length) != 0) {
    const int error = errno;
    return Error::os(
        error, "bind",
        path + (error == EACCES ? ": not allowed: its folder must be yours to write to" : ": can't be made"));
  }
  // At once: another starter takes a name that nobody listens behind for a dead one, and replaces it.
  if (type != SOCK_DGRAM) (void)listen(socket, SOMAXCONN);
  const Fd made(
      openat(folder.value().fd.get(), folder.value().name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat status {};
  if (!made || fstat(made.get(), &status) != 0 || !S_ISSOCK(status.st_mode) || status.st_uid != geteuid()) {
    return Error::os(EPERM, "bind", path + ": somebody else changes its folder: use a folder of your own");
  }
  name.made_ = status;
  name.folder_ = std::move(folder.value());
  if (auto given = give_access(made.get(), access, path); !given) return given.error();
  return name;
}

void UnixName::remove() noexcept {
  if (!folder_.fd) return;
  struct stat there {};
  if (fstatat(folder_.fd.get(), folder_.name.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0 &&
      same_file(there, made_)) {
    unlinkat(folder_.fd.get(), folder_.name.c_str(), 0);
  }
  folder_.fd.reset();
}

std::string PeerCredentials::text() const {
  return (pid == 0 ? "" : "pid " + std::to_string(pid) + ", ") + "uid " + std::to_string(uid);
}

PeerCredentials peer_credentials(int socket) noexcept {
  ucred who{};
  socklen_t length = sizeof who;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &who, &length) != 0) return {};
  return {who.pid, who.uid};
}

Result<Listening> unix_listen(int type, const std::string& path, const UnixAccess& access) {
  auto made = unix_socket(type);
  if (!made) return made.error();
  auto name = UnixName::bind(made.value().get(), type, path, access);
  if (!name) return name.error();
  if (listen(made.value().get(), kListenBacklog) != 0) {
    return Error::os(errno, "listen", path + ": can't be listened on");
  }
  return Listening{std::move(made.value()), std::move(name.value()), path};
}

}  // namespace ethercast
