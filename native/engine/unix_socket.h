// AF_UNIX sockets with a name in the file system. A name has the right mode from its first moment; a dead
// socket of ours is replaced, and nothing else ever; a name is removed only while it is still the one that
// was made. unix(7).
#pragma once

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/un.h>

#include <optional>
#include <string>

#include "core/config.h"
#include "core/result.h"
#include "engine/fd.h"
#include "engine/unix_folder.h"

namespace ethercast {

// Longest path of a socket: sun_path with its NUL.
constexpr size_t kMaxUnixPath = sizeof(sockaddr_un::sun_path) - 1;

struct UnixAddress {
  sockaddr_un address{};
  socklen_t length = 0;
  const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&address); }
};

// Who may connect. Connecting, and sending to, takes the right to write.
struct UnixAccess {
  std::optional<mode_t> mode;  // permission bits; none: 0777 without the umask's
  std::optional<gid_t> group;  // none: as the system gives
};

// From `mode` (octal text, as 0660, or "umask": as bind(2) gives it) and `group` (a name or number) of a
// configuration. Without `mode` only the owner: whoever may write to a socket is on the LAN.
Result<UnixAccess> read_unix_access(const Config& config);

// Errors: a path that is empty or too long.
Result<UnixAddress> unix_address(const std::string& path);

// Non-blocking and closed on exec. `type`: SOCK_STREAM, SOCK_DGRAM or SOCK_SEQPACKET.
Result<Fd> unix_socket(int type);

// Connects to whoever listens at `path`. Errors say what to do about ENOENT, ECONNREFUSED, EACCES and
// EPROTOTYPE. A full backlog (EAGAIN) is an error, too: AF_UNIX does not connect later.
Result<> unix_connect(int socket, const std::string& path);

// Who is at the other end of a connection. A pid of 0 is one of another pid namespace.
struct PeerCredentials {
  pid_t pid = 0;
  uid_t uid = static_cast<uid_t>(-1);
  std::string text() const;  // "pid 812, uid 0", or "uid 0" when the pid is not seen from here
};
PeerCredentials peer_credentials(int socket) noexcept;

// A name that was bound; unbound again when it is destroyed.
class UnixName {
 public:
  UnixName() = default;
  UnixName(UnixName&& other) noexcept = default;
  UnixName& operator=(UnixName&& other) noexcept {
    remove();
    folder_ = std::move(other.folder_);
    made_ = other.made_;
    replaced_ = other.replaced_;
    return *this;
  }
  ~UnixName() { remove(); }

  // Binds `socket` to `path`, and listens unless it is for datagrams. Errors: EADDRINUSE when somebody lives
  // there, EEXIST when it is no socket, EPERM when it is another user's, those of open_folder_of, and the
  // kernel's.
  static Result<UnixName> bind(int socket, int type, const std::string& path, const UnixAccess& access);

  explicit operator bool() const noexcept { return static_cast<bool>(folder_.fd); }
  // A dead socket, left by a crash, had the name before.
  bool replaced_stale() const noexcept { return replaced_; }
  // Removes the name, if it is still the one that was made. Idempotent.
  void remove() noexcept;

 private:
  UnixFolder folder_;
  struct stat made_ {};
  bool replaced_ = false;
};

// A socket that listens.
struct Listening {
  Fd fd;
  UnixName name;      // empty: it has none in the file system
  std::string where;  // its path or address, for people
};
// Clients that wait to be accepted while the I/O thread is elsewhere; the kernel cuts it to
// net.core.somaxconn.
constexpr int kListenBacklog = 1024;
// `type`: SOCK_STREAM or SOCK_SEQPACKET. Errors: those of UnixName::bind, and the kernel's.
Result<Listening> unix_listen(int type, const std::string& path, const UnixAccess& access);

}  // namespace ethercast
