// Files that are believed, whoever started this program: root's alone to write, and so is every folder on the
// way. Read whole, and bounded.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/result.h"
#include "helper/policy.h"

namespace ethercast::helper {

// In the program, and nowhere else: not in its environment, not on its command line.
constexpr char kPolicyFile[] = "/etc/ethercast/helper.policy";

// `path`: absolute. Refused: a link anywhere in it, no regular file, one of another owner, one that others
// may write. With ENOENT there is none.
Result<std::string> read_trusted(const std::string& path, size_t most_octets);

// The rules of a file that is believed. None there: no rules, and `is_there` is false.
Result<Policy> load_policy(const std::string& path, bool& is_there);
// The rules in a text that was read from `path`; the error says that nothing is allowed until it is right.
Result<Policy> policy_in(const std::string& text, const std::string& path);

// /etc/passwd and /etc/group, or what of them can be believed and read.
struct Directory {
  std::string users, groups;

  static Directory read();
  std::optional<uint32_t> number_of(const Account& account) const;
};

}  // namespace ethercast::helper
