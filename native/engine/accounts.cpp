#include "engine/accounts.h"

#include <grp.h>
#include <pwd.h>

#include <cerrno>
#include <vector>

namespace ethercast {

namespace {

// The longest entry of a user or group that is read, octets; the library asks for more at a time.
constexpr size_t kMostEntry = 1 << 20;

// Of getpwnam_r and getgrnam_r, which differ in nothing else.
template <typename Entry>
std::optional<Entry> entry_of(int (*look_up)(const char*, Entry*, char*, size_t, Entry**),
                              const std::string& name) {
  Entry entry{};
  Entry* found = nullptr;
  for (size_t size = 1024; size <= kMostEntry; size *= 2) {
    std::vector<char> buffer(size);
    if (look_up(name.c_str(), &entry, buffer.data(), size, &found) == ERANGE) continue;
    if (found == nullptr) return std::nullopt;
    return entry;
  }
  return std::nullopt;
}

}  // namespace

std::optional<uint32_t> account_number(Account kind, const std::string& name) {
  if (name.find('\0') != std::string::npos) return std::nullopt;
  if (kind == Account::user) {
    if (const auto user = entry_of(getpwnam_r, name)) return user->pw_uid;
  } else if (const auto group = entry_of(getgrnam_r, name)) {
    return group->gr_gid;
  }
  return std::nullopt;
}

}  // namespace ethercast
