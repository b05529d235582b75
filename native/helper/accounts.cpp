#include "helper/accounts.h"

#include <charconv>

#include "helper/policy.h"

namespace ethercast::helper {

namespace {

struct Entry {
  std::string_view name;
  uint32_t number = 0;
};

std::optional<Entry> read_entry(std::string_view line) noexcept {
  const size_t password = line.find(':');
  if (password == std::string_view::npos || password == 0) return std::nullopt;
  const size_t number = line.find(':', password + 1);
  if (number == std::string_view::npos) return std::nullopt;
  Entry entry;
  entry.name = line.substr(0, password);
  const char* const end = line.data() + line.size();
  const auto [stopped, problem] = std::from_chars(line.data() + number + 1, end, entry.number);
  if (problem != std::errc() || (stopped != end && *stopped != ':')) return std::nullopt;
  return entry;
}

// The first entry that `is` takes.
template <typename Is>
std::optional<Entry> find_entry(std::string_view text, Is is) noexcept {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(line.size() < text.size() ? line.size() + 1 : line.size());
    const auto entry = read_entry(line);
    if (entry && is(*entry)) return entry;
  }
  return std::nullopt;
}

}  // namespace

std::optional<uint32_t> account_number(std::string_view text, std::string_view name) noexcept {
  const auto entry = find_entry(text, [&](const Entry& each) { return each.name == name; });
  if (!entry) return std::nullopt;
  return entry->number;
}

std::string account_name(std::string_view text, uint32_t number) {
  const auto entry = find_entry(text, [&](const Entry& each) { return each.number == number; });
  if (!entry) return {};
  // The line that allows something is pasted into the policy: there it must be read as this name.
  const auto read = parse_policy("allow user " + std::string(entry->name) + " device x");
  const bool fits = read && read.value().size() == 1 && read.value()[0].users.size() == 1 &&
                    !read.value()[0].users[0].is_group && read.value()[0].users[0].name == entry->name;
  return fits ? std::string(entry->name) : std::string();
}

}  // namespace ethercast::helper
