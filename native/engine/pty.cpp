#include "engine/pty.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "engine/unix_socket.h"

namespace ethercast {

namespace {

constexpr const char* kPtsFolder = "/dev/pts/";

// Octets as they are, at a speed that is for show (as UML sets it).
void set_raw(termios& modes) noexcept {
  cfmakeraw(&modes);
  modes.c_iflag |= IGNBRK;
  modes.c_cflag |= CREAD | CLOCAL;
  modes.c_cc[VMIN] = 1;
  modes.c_cc[VTIME] = 0;
}

std::string shown(int number) { return std::strerror(number); }

}  // namespace

// ---- the link

Result<PtyLink> PtyLink::make(const std::string& path, const std::string& target) {
  auto folder = open_folder_of(path);
  if (!folder) return folder.error();
  PtyLink link;
  link.folder_ = std::move(folder.value());
  const int in = link.folder_.fd.get();
  const char* const name = link.folder_.name.c_str();
  struct stat there {};
  if (fstatat(in, name, &there, AT_SYMLINK_NOFOLLOW) == 0) {
    char before[64] = "";
    const ssize_t length = readlinkat(in, name, before, sizeof before - 1);
    const bool ours = S_ISLNK(there.st_mode) && there.st_uid == geteuid() && length > 0 &&
                      std::strncmp(before, kPtsFolder, std::strlen(kPtsFolder)) == 0;
    if (!ours) {
      link.folder_ = {};
      return Error::os(EEXIST, "symlink",
                       path +
                           " is there already, and no link to a pty of this user's: "
                           "remove it, or give another path");
    }
    (void)unlinkat(in, name, 0);
  }
  if (symlinkat(target.c_str(), in, name) != 0) {
    const int why = errno;
    link.folder_ = {};
    return Error::os(why, "symlink", "the link " + path + " can't be made: " + shown(why));
  }
  if (fstatat(in, name, &link.made_, AT_SYMLINK_NOFOLLOW) != 0) link.made_ = {};
  return link;
}

void PtyLink::remove() noexcept {
  if (!folder_.fd) return;
  struct stat now {};
  const bool ours = fstatat(folder_.fd.get(), folder_.name.c_str(), &now, AT_SYMLINK_NOFOLLOW) == 0 &&
                    now.st_dev == made_.st_dev && now.st_ino == made_.st_ino;
  if (ours) (void)unlinkat(folder_.fd.get(), folder_.name.c_str(), 0);
  folder_ = {};
}

// ---- a pty of ours

Result<> Pty::open() {
  master_.reset(::open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
  if (!master_) {
    return Error::os(errno, "open",
                     "no pty can be had from /dev/ptmx: " + shown(errno) +
                         (errno == ENOENT ? " (mount -t devpts devpts /dev/pts)" : ""));
  }
  char name[64];
  int locked = 0;
  if (ioctl(master_.get(), TIOCSPTLCK, &locked) != 0 || ptsname_r(master_.get(), name, sizeof name) != 0) {
    return Error::os(errno, "TIOCSPTLCK", "the pty can't be unlocked");
  }
  path_ = name;
  // Opened and closed once: until then the master does not say that nobody is there.
  const Fd other(ioctl(master_.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!other) return Error::os(errno, "TIOCGPTPEER", "the pty's other side can't be opened");
  openings_.reset(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  // By descriptor: the path may mean another pty in this mount namespace.
  const std::string self = "/proc/self/fd/" + std::to_string(other.get());
  if (!openings_ || inotify_add_watch(openings_.get(), self.c_str(), IN_OPEN) < 0) {
    return Error::os(errno, "inotify_add_watch",
                     "who opens the pty can't be noticed: " + shown(errno) +
                         (errno == EMFILE || errno == ENOSPC ? " (sysctl fs.inotify)" : ""));
  }
  return {};
}

void Pty::close() noexcept {
  openings_.reset();
  master_.reset();
}

void Pty::read_openings() noexcept {
  alignas(inotify_event) char events[4096];
  while (::read(openings_.get(), events, sizeof events) > 0) {
  }
}

bool Pty::has_peer() const noexcept {
  pollfd ready{master_.get(), POLLIN, 0};
  return ::poll(&ready, 1, 0) >= 0 && (ready.revents & POLLHUP) == 0;
}

void Pty::make_raw() noexcept {
  termios modes{};
  if (tcgetattr(master_.get(), &modes) != 0) return;
  set_raw(modes);
  cfsetspeed(&modes, B38400);
  (void)tcsetattr(master_.get(), TCSANOW, &modes);
}

void Pty::flush() noexcept { (void)ioctl(master_.get(), TCFLSH, TCIOFLUSH); }

// ---- somebody else's line

Result<> FoundLine::open(const std::string& path) {
  struct stat about {};
  if (stat(path.c_str(), &about) != 0) {
    return Error::os(errno, "stat", "line " + path + " can't be had: " + shown(errno));
  }
  if (S_ISSOCK(about.st_mode)) {
    auto made = unix_socket(SOCK_STREAM);
    if (!made) return made.error();
    if (auto connected = unix_connect(made.value().get(), path); !connected) return connected;
    fd_ = std::move(made.value());
    return {};
  }
  if (!S_ISCHR(about.st_mode)) {
    return Error::bad_field("line", "line " + path + " is neither a tty nor a Unix socket: give one, or pty");
  }
  Fd opened(::open(path.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
  if (!opened) {
    // A pty's other side, when its master has gone.
    return Error::os(errno, "open", "line " + path + " can't be opened: " + shown(errno));
  }
  termios modes{};
  if (tcgetattr(opened.get(), &modes) != 0) {
    return Error::bad_field("line", "line " + path + " is a device, but no tty: give a tty's path, or pty");
  }
  const termios before = modes;
  set_raw(modes);
  if (tcsetattr(opened.get(), TCSANOW, &modes) != 0) {
    return Error::os(errno, "tcsetattr", "line " + path + " can't be made raw: " + shown(errno));
  }
  fd_ = std::move(opened);
  before_ = before;
  return {};
}

void FoundLine::close() noexcept {
  if (fd_ && before_) (void)tcsetattr(fd_.get(), TCSANOW, &*before_);
  before_.reset();
  fd_.reset();
}

}  // namespace ethercast
