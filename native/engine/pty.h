// Pty: a pseudo terminal of ours, raw, whose other side a peer may open and close as it likes; and a tty or
// socket of somebody else's as a line. pty(7), tty_ioctl(4).
//
// A master without a peer is ready for ever (EPOLLHUP), which no interest masks: it must not be watched then.
// Who opens the other side is told by inotify instead.
#pragma once

#include <sys/stat.h>
#include <termios.h>

#include <optional>
#include <string>

#include "core/result.h"
#include "engine/fd.h"
#include "engine/unix_folder.h"

namespace ethercast {

// A symbolic link to a pty; removed when it is destroyed, if it is still the one that was made.
class PtyLink {
 public:
  PtyLink() = default;
  PtyLink(PtyLink&& other) noexcept = default;
  PtyLink& operator=(PtyLink&& other) noexcept {
    remove();
    folder_ = std::move(other.folder_);
    made_ = other.made_;
    return *this;
  }
  ~PtyLink() { remove(); }

  // Replaces a link of this user's into /dev/pts, which a crash may have left; errors: EEXIST when it is
  // anything else, and those of open_folder_of.
  static Result<PtyLink> make(const std::string& path, const std::string& target);
  void remove() noexcept;

 private:
  UnixFolder folder_;
  struct stat made_ {};
};

class Pty {
 public:
  Result<> open();
  void close() noexcept;

  int fd() const noexcept { return master_.get(); }
  // Readable when somebody may have opened the other side; read_openings() then.
  int opening_fd() const noexcept { return openings_.get(); }
  void read_openings() noexcept;
  // Path of the other side.
  const std::string& path() const noexcept { return path_; }
  bool has_peer() const noexcept;
  // The kernel forgets a pty's modes when its other side is closed for the last time: to be called for each
  // new peer.
  void make_raw() noexcept;
  // Forgets octets that nobody is there to read.
  void flush() noexcept;

 private:
  Fd master_;
  Fd openings_;
  std::string path_;
};

// A line that was there before: a tty, made raw until it is closed, or a Unix stream socket somebody listens
// on. Errors teach.
class FoundLine {
 public:
  ~FoundLine() { close(); }
  Result<> open(const std::string& path);
  void close() noexcept;
  int fd() const noexcept { return fd_.get(); }
  const char* kind() const noexcept { return before_ ? "tty" : "unix socket"; }

 private:
  Fd fd_;
  std::optional<termios> before_;  // of a tty
};

}  // namespace ethercast
