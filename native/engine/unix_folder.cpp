#include "engine/unix_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstddef>
#include <deque>

namespace ethercast {

namespace {

constexpr int kMaxLinks = 40;  // as the kernel follows at most (path_resolution(7))

void prepend(std::deque<std::string>& parts, const std::string& path) {
  size_t at = parts.size();
  for (size_t start = 0; start < path.size();) {
    const size_t end = std::min(path.find('/', start), path.size());
    // By position from the end: those that were there before come after.
    if (end > start) parts.insert(parts.end() - static_cast<ptrdiff_t>(at), path.substr(start, end - start));
    start = end + 1;
  }
}

bool is_trusted(uid_t owner) noexcept { return owner == 0 || owner == geteuid(); }

Error unsafe(const std::string& path, const std::string& why) {
  return Error::os(EPERM, "open",
                   path + ": " + why + ", so it may be changed at any moment: use a folder of your own");
}

}  // namespace

Result<UnixFolder> open_folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  if (name.empty() || name == "." || name == "..") {
    return Error::bad_field("path", path + " names no file");
  }
  std::deque<std::string> parts;
  prepend(parts, slash == std::string::npos ? "" : path.substr(0, slash));
  Fd folder(open(path.front() == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return Error::os(errno, "open", path + ": the folder can't be opened");
  for (int links = 0; !parts.empty();) {
    const std::string part = parts.front();
    parts.pop_front();
    Fd next(openat(folder.get(), part.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    struct stat status {};
    if (!next || fstat(next.get(), &status) != 0) {
      const int error = errno;
      return Error::os(error, "open",
                       path + (error == ENOENT ? ": there is no folder " + part + ": make it first"
                                               : ": the folder " + part + " can't be opened"));
    }
    if (S_ISLNK(status.st_mode)) {
      if (!is_trusted(status.st_uid))
        return unsafe(path, "another user's symbolic link " + part + " is on the way");
      char target[PATH_MAX];
      const ssize_t length = readlinkat(next.get(), "", target, sizeof target);
      if (length <= 0 || ++links > kMaxLinks) return Error::os(ELOOP, "readlink", path + ": too many links");
      const std::string to(target, static_cast<size_t>(length));
      if (to.front() == '/') folder = Fd(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
      if (!folder) return Error::os(errno, "open", path + ": the root folder can't be opened");
      prepend(parts, to);
      continue;
    }
    if (!S_ISDIR(status.st_mode)) return Error::os(ENOTDIR, "open", path + ": " + part + " is no folder");
    folder = std::move(next);
  }
  struct stat status {};
  if (fstat(folder.get(), &status) != 0)
    return Error::os(errno, "fstat", path + ": the folder can't be looked at");
  if ((status.st_mode & S_IWOTH) != 0 && (status.st_mode & S_ISVTX) == 0) {
    return unsafe(path, "anybody may write to its folder");
  }
  return UnixFolder{std::move(folder), name};
}

}  // namespace ethercast
