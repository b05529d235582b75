#include "helper/policy_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "helper/accounts.h"
#include "helper/descriptors.h"

namespace ethercast::helper {

namespace {

constexpr size_t kMostPolicy = 64 * 1024;
// Some hundred thousand accounts.
constexpr size_t kMostAccounts = 8 * 1024 * 1024;

constexpr char kNothing[] = " (until that is right, nothing is allowed)";

Error not_trusted(const std::string& path, const char* why, const std::string& remedy) {
  return Error::of(Errc::state, "uml_net: " + path + " " + why + kNothing + ": " + remedy);
}

Error not_opened(int why, const std::string& path) {
  std::string message = "uml_net: " + path + " can't be read: " + errno_text(why);
  if (why == ELOOP) message += " (no part of its path may be a link)";
  if (why == EACCES) {
    message += ". It is read with the rights of the caller: sudo chmod 755 " +
               path.substr(0, path.rfind('/')) + "; sudo chmod 644 " + path;
  }
  return Error::os(why, "openat", message + (why == ENOENT ? "" : kNothing));
}

// Root's, and nobody else may write it. The bits of the group are the mask of an ACL, too.
Result<> expect_roots(int fd, const std::string& path) {
  struct stat status {};
  if (fstat(fd, &status) != 0) return not_opened(errno, path);
  if (status.st_uid != 0) return not_trusted(path, "is not root's", "sudo chown root " + path);
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return not_trusted(path, "may be written by others than root", "sudo chmod go-w " + path);
  }
  return {};
}

Result<Fd> open_trusted(const std::string& path) {
  Fd folder(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  for (size_t start = 1;;) {
    if (!folder) return not_opened(errno, path);
    if (auto roots = expect_roots(folder.get(), start == 1 ? "/" : path.substr(0, start - 1)); !roots) {
      return roots.error();
    }
    const size_t slash = path.find('/', start);
    const std::string name = path.substr(start, slash == std::string::npos ? slash : slash - start);
    const bool last = slash == std::string::npos;
    // A pipe without a writer is not waited for.
    const int flags =
        O_NOFOLLOW | O_CLOEXEC | (last ? O_RDONLY | O_NONBLOCK | O_NOCTTY : O_PATH | O_DIRECTORY);
    Fd next(openat(folder.get(), name.c_str(), flags));
    if (!next) return not_opened(errno, path);
    if (last) return next;
    folder = std::move(next);
    start = slash + 1;
  }
}

}  // namespace

Result<std::string> read_trusted(const std::string& path, size_t most_octets) {
  auto opened = open_trusted(path);
  if (!opened) return opened.error();
  const int fd = opened.value().get();
  if (auto roots = expect_roots(fd, path); !roots) return roots.error();
  struct stat status {};
  if (fstat(fd, &status) != 0) return not_opened(errno, path);
  if (!S_ISREG(status.st_mode)) return not_trusted(path, "is no file", "it must be a regular one");
  std::string text;
  char piece[4096];
  for (;;) {
    const ssize_t got = ::read(fd, piece, sizeof piece);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return not_opened(errno, path);
    if (got == 0) return text;
    text.append(piece, static_cast<size_t>(got));
    if (text.size() > most_octets) {
      return not_trusted(path, "is too long",
                         "up to " + std::to_string(most_octets) + " octets are read, and not a part of more");
    }
  }
}

Result<Policy> policy_in(const std::string& text, const std::string& path) {
  auto policy = parse_policy(text);
  if (policy) return policy;
  return Error::of(Errc::field, "uml_net: " + path + ", " + policy.error().message + kNothing);
}

Result<Policy> load_policy(const std::string& path, bool& is_there) {
  const auto text = read_trusted(path, kMostPolicy);
  is_there = text.ok() || text.error().os_errno != ENOENT;
  if (text) return policy_in(text.value(), path);
  if (!is_there) return Policy();
  return text.error();
}

Directory Directory::read() {
  auto users = read_trusted("/etc/passwd", kMostAccounts), groups = read_trusted("/etc/group", kMostAccounts);
  Directory directory;
  // What can't be read has no names in it: rules by name are then nobody's.
  if (users) directory.users = std::move(users.value());
  if (groups) directory.groups = std::move(groups.value());
  return directory;
}

std::optional<uint32_t> Directory::number_of(const Account& account) const {
  return account_number(account.is_group ? groups : users, account.name);
}

}  // namespace ethercast::helper
