// The reader of policy.h: lines, words, and what is said of their faults.
#include <net/if.h>

#include <array>
#include <charconv>
#include <span>

#include "helper/policy.h"
#include "helper/words.h"

namespace ethercast::helper {

namespace {

// As long as useradd(8) makes them.
constexpr size_t kLongestAccount = 32;
// Nobody has the highest number: it stands for none in many calls.
constexpr uint32_t kNobody = UINT32_MAX;
// A net of more addresses than this is a slip of the finger.
constexpr unsigned kFewestBits = 8, kMostBits = 32;

constexpr std::array<std::string_view, 5> kKeys = {"user", "device", "guest", "gate", "forward"};

Error fault(std::string message) { return Error::of(Errc::field, std::move(message)); }

// The next word behind blanks; empty: the line has no more.
std::string_view next_word(std::string_view& line) {
  const size_t start = line.find_first_not_of(" \t");
  if (start == std::string_view::npos || line[start] == '#') return line = {};
  line.remove_prefix(start);
  const std::string_view word = line.substr(0, line.find_first_of(" \t"));
  line.remove_prefix(word.size());
  return word;
}

template <typename Number>
bool read_number(std::string_view text, Number& number) noexcept {
  const char* const end = text.data() + text.size();
  const auto [stopped, problem] = std::from_chars(text.data(), end, number);
  return problem == std::errc() && stopped == end && !text.empty();
}

bool is_account_name(std::string_view name) noexcept {
  bool good = !name.empty() && name.size() <= kLongestAccount && name.front() != '-' && name.front() != '.';
  bool digits = true;
  for (const char each : name) {
    const bool digit = each >= '0' && each <= '9';
    digits = digits && digit;
    good = good && (digit || (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z') || each == '_' ||
                    each == '-' || each == '.' || each == '$');
  }
  return good && !digits;
}

Result<> read_user(std::string_view word, Rule& rule) {
  Account account;
  account.is_group = word.starts_with('@');
  const std::string_view name = word.substr(account.is_group ? 1 : 0);
  if (is_account_name(name)) {
    account.name = name;
  } else if (!read_number(name, account.number) || account.number == kNobody) {
    return fault("user " + shown(word) +
                 " is none: allowed are a name (letters, digits, '_', '-', '.', up to 32), a number, and "
                 "either with '@' before it for the members of a group");
  }
  rule.users.push_back(std::move(account));
  return {};
}

Result<> read_device(std::string_view word, Rule& rule) {
  DeviceWord device;
  device.is_prefix = word.ends_with('*');
  device.name = word.substr(0, word.size() - (device.is_prefix ? 1 : 0));
  // Behind a beginning there is a digit at least.
  const bool fits = device.is_prefix ? device.name.empty() || is_device_name(device.name + "0")
                                     : is_device_name(device.name);
  if (!fits) {
    return fault(
        "device " + shown(word) +
        " is none: allowed are names of 1 to 15 letters, digits, '_', '-' and '.', and beginnings of "
        "names with one '*' at their end, as in tap*");
  }
  rule.devices.push_back(std::move(device));
  return {};
}

Result<> read_guest(std::string_view word, Rule& rule) {
  Net net;
  const size_t slash = word.find('/');
  const auto address = parse_ipv4(word.substr(0, slash));
  unsigned bits = kMostBits;
  const bool sized = slash == std::string_view::npos ||
                     (read_number(word.substr(slash + 1), bits) && bits >= kFewestBits && bits <= kMostBits);
  if (!address || !sized) {
    return fault("guest " + shown(word) +
                 " is none: allowed are an IPv4 address, as in 198.18.1.5, and a net with its bits, /8 to "
                 "/32, as in 198.18.1.0/28");
  }
  net.bits = static_cast<uint8_t>(bits);
  const uint32_t first = number_of(*address) & ~uint32_t{0} << (kMostBits - bits);
  net.address = {static_cast<uint8_t>(first >> 24), static_cast<uint8_t>(first >> 16),
                 static_cast<uint8_t>(first >> 8), static_cast<uint8_t>(first)};
  if (net.address != *address) {
    return fault("guest " + shown(word) + " is one host's address with the bits of a net: the net is " +
                 text_of(net.address) + "/" + std::to_string(bits) + ", the host " + text_of(*address));
  }
  if (!is_host(net.address)) {
    return fault("guest " + shown(word) + " is no host's: 0/8, 127/8 and 224.0.0.0 and above are nobody's");
  }
  rule.guests.push_back(net);
  return {};
}

Result<> read_gate(std::string_view word, Rule& rule) {
  const auto address = parse_ipv4(word);
  if (!address || !is_host(*address)) {
    return fault("gate " + shown(word) +
                 " is none: allowed is an IPv4 address of one host, as in 198.18.1.254: this host's on the "
                 "guests' devices");
  }
  rule.gates.push_back(*address);
  return {};
}

using ReadItem = Result<> (*)(std::string_view, Rule&);

Result<> read_list(std::string_view key, std::string_view list, ReadItem read, Rule& rule) {
  if (list.empty()) return fault("behind " + std::string(key) + " there is nothing");
  for (;;) {
    const size_t comma = list.find(',');
    if (auto good = read(list.substr(0, comma), rule); !good) return good;
    if (comma == std::string_view::npos) return {};
    list.remove_prefix(comma + 1);
  }
}

Error unknown_key(std::string_view word) {
  const std::string_view meant = nearest(word, kKeys);
  return fault(shown(word) + " is unknown: allowed are user, device, guest, gate and forward" +
               (meant.empty() ? "" : "; is '" + std::string(meant) + "' meant?") +
               (word.find(',') != std::string_view::npos || parse_ipv4(word)
                    ? " (between values stands a comma and no blank)"
                    : ""));
}

// `rest`: what follows the word allow.
Result<> read_rule(std::string_view rest, Rule& rule) {
  constexpr std::array<ReadItem, 4> kReaders = {read_user, read_device, read_guest, read_gate};
  std::array<bool, kKeys.size()> seen{};
  for (std::string_view word = next_word(rest); !word.empty(); word = next_word(rest)) {
    size_t key = 0;
    while (key < kKeys.size() && kKeys[key] != word) ++key;
    if (key == kKeys.size()) return unknown_key(word);
    if (seen[key]) {
      return fault(std::string(word) +
                   " stands there twice: several values are one word, with commas between them");
    }
    seen[key] = true;
    if (key == kReaders.size()) {
      rule.forward = true;
    } else if (auto good = read_list(word, next_word(rest), kReaders[key], rule); !good) {
      return good;
    }
  }
  if (rule.users.empty()) return fault("it names no user: allow user NAME device NAME …");
  if (rule.devices.empty()) {
    return fault("it names no device: allow user " + text_of(rule.users.front()) + " device tap* …");
  }
  return {};
}

}  // namespace

Result<Policy> parse_policy(std::string_view text) {
  Policy policy;
  for (unsigned number = 1; !text.empty(); ++number) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    const std::string_view word = next_word(line);
    if (word.empty()) continue;
    Rule rule;
    rule.line = number;
    constexpr std::array<std::string_view, 1> kAllow = {"allow"};
    Result<> good;
    if (word == kAllow[0]) {
      good = read_rule(line, rule);
    } else {
      const bool near = !nearest(word, kAllow).empty();
      good = fault(shown(word) + " is unknown: each line begins with allow, or with # for a remark" +
                   (near ? "; is 'allow' meant?" : ""));
    }
    if (!good) {
      return Error::of(Errc::field, "line " + std::to_string(number) + ": " + good.error().message);
    }
    policy.push_back(std::move(rule));
  }
  return policy;
}

}  // namespace ethercast::helper
