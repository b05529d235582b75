#include "helper/tool.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "helper/descriptors.h"
#include "helper/policy_file.h"

namespace ethercast::helper {

namespace {

constexpr char kAttribute[] = "security.capability";
constexpr size_t kMostPolicy = 1024 * 1024;

// capabilities(7): cap_net_admin, permitted and effective from the start; as setcap(8) writes it. The numbers
// are little-endian, and so is every machine that this is built for.
vfs_cap_data only_net_admin() noexcept {
  vfs_cap_data data{};
  data.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE;
  data.data[0].permitted = 1U << CAP_NET_ADMIN;
  return data;
}
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);

int failed(const std::string& what) {
  std::fprintf(stderr, "uml_net: %s\n", what.c_str());
  return 1;
}

int show_policy(const char* file) {
  Policy policy;
  if (file == nullptr) {
    bool is_there = false;
    auto loaded = load_policy(kPolicyFile, is_there);
    if (!loaded) return failed(loaded.error().message.substr(strlen("uml_net: ")));
    policy = std::move(loaded.value());
  } else {
    const Fd fd(::open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY));
    std::string text(kMostPolicy, '\0');
    const ssize_t got = fd ? ::read(fd.get(), text.data(), text.size()) : -1;
    if (got < 0) return failed(std::string(file) + " can't be read: " + errno_text(errno));
    text.resize(static_cast<size_t>(got));
    auto read = policy_in(text, file);
    if (!read) return failed(read.error().message.substr(strlen("uml_net: ")));
    policy = std::move(read.value());
  }
  const Directory directory = Directory::read();
  for (const Rule& rule : policy) {
    std::printf("%u\t%s\n", rule.line, text_of(rule).c_str());
    for (const Account& account : rule.users) {
      if (account.name.empty() || directory.number_of(account)) continue;
      std::printf("%u\tunknown user %s\n", rule.line, text_of(account).c_str());
    }
  }
  return 0;
}

const char* capability_of(const char* file) {
  vfs_ns_cap_data data{};
  const ssize_t got = getxattr(file, kAttribute, &data, sizeof data);
  if (got < 0) return errno == ENODATA || errno == ENOTSUP ? "none" : "unknown";
  const vfs_cap_data wanted = only_net_admin();
  return got == sizeof wanted && std::memcmp(&data, &wanted, sizeof wanted) == 0 ? "cap_net_admin=ep"
                                                                                 : "other";
}

int show_facts(const char* file) {
  struct statvfs system {};
  if (statvfs(file, &system) != 0) return failed(std::string(file) + ": " + errno_text(errno));
  std::printf("capability\t%s\nnosuid\t%d\nno_new_privs\t%d\n", capability_of(file),
              (system.f_flag & ST_NOSUID) != 0 ? 1 : 0, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
  return 0;
}

// By descriptor: behind a path there could be another file by now.
int set_capability(const char* descriptor) {
  int fd = -1;
  const std::string_view digits(descriptor);
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), fd);
  if (fault != std::errc() || end != digits.data() + digits.size() || fd < 0) {
    return failed("setcap takes the number of a descriptor");
  }
  const vfs_cap_data wanted = only_net_admin();
  if (fsetxattr(fd, kAttribute, &wanted, sizeof wanted, 0) == 0) return 0;
  const int why = errno;
  std::string what = "the file can't be given cap_net_admin: " + errno_text(why);
  if (why == EPERM) what += ": it takes root, with the capability CAP_SETFCAP";
  if (why == ENOTSUP) what += ": its file system has no such attributes; install it elsewhere";
  return failed(what);
}

}  // namespace

int run_tool(std::span<const char* const> words) {
  const std::string_view verb = words.size() < 2 ? "" : words[1];
  const size_t operands = words.size() < 2 ? 0 : words.size() - 2;
  if (verb == "policy" && operands <= 1) return show_policy(operands == 0 ? nullptr : words[2]);
  if (verb == "facts" && operands == 1) return show_facts(words[2]);
  if (verb == "setcap" && operands == 1) return set_capability(words[2]);
  return -1;
}

}  // namespace ethercast::helper
