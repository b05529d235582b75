#include "helper/words.h"

#include <net/if.h>

#include <algorithm>
#include <vector>

namespace ethercast::helper {

namespace {

// What of a hostile word is shown, in octets.
constexpr size_t kMostShown = 40;
// Letters that may be wrong, missing or too many before it is another word.
constexpr size_t kSlips = 2;
// Longer words are none of ours, and comparing them takes its time.
constexpr size_t kLongestCompared = 16;

// Levenshtein's distance.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string shown(std::string_view text) {
  std::string safe = "'";
  for (const char each : text.substr(0, kMostShown)) safe += each >= ' ' && each <= '~' ? each : '?';
  return safe + (text.size() > kMostShown ? "…'" : "'");
}

bool is_device_name(std::string_view text) noexcept {
  bool good = !text.empty() && text.size() < IFNAMSIZ && text.front() != '-' && text.front() != '.';
  for (const char each : text) {
    const bool letter = (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z');
    good = good && (letter || (each >= '0' && each <= '9') || each == '_' || each == '-' || each == '.');
  }
  return good;
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> known) {
  std::string_view best;
  size_t least = kSlips + 1;
  if (word.size() > kLongestCompared) return best;
  for (const std::string_view each : known) {
    const size_t slips = distance(word, each);
    // Of a short word two letters are all that it is.
    if (slips < least && slips < each.size() - 1) {
      least = slips;
      best = each;
    }
  }
  return best;
}

}  // namespace ethercast::helper
