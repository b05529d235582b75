// Who may have which devices and addresses, when uml_net has more rights than its caller. Pure: the text of
// the file in, rules out; a caller's wish in, the rule that allows it out. What no rule allows is refused.
//
//   allow user NAME|NUMBER|@GROUP,… device NAME|PREFIX*,… [guest ADDRESS[/BITS],…] [gate ADDRESS,…] [forward]
//
// One rule a line; what follows a '#' is for people. One line with a fault and there are no rules at all.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "helper/address.h"

namespace ethercast::helper {

// A user or a group, by name or by number.
struct Account {
  bool is_group = false;
  std::string name;  // empty: by number
  uint32_t number = 0;

  bool operator==(const Account&) const = default;
};

struct DeviceWord {
  std::string name;
  bool is_prefix = false;  // of all that begin so; may be empty then

  bool covers(std::string_view device) const noexcept {
    return is_prefix ? device.starts_with(name) : device == name;
  }
  bool operator==(const DeviceWord&) const = default;
};

struct Net {
  Ipv4 address{};
  uint8_t bits = 32;

  bool has(const Ipv4& host) const noexcept;
  bool operator==(const Net&) const = default;
};

struct Rule {
  unsigned line = 0;  // of the file, from 1
  std::vector<Account> users;
  std::vector<DeviceWord> devices;
  std::vector<Net> guests;
  std::vector<Ipv4> gates;
  bool forward = false;  // this host may be made to forward packets for it

  bool operator==(const Rule&) const = default;
};

using Policy = std::vector<Rule>;

// The error names the line, and what is allowed there.
Result<Policy> parse_policy(std::string_view text);
// The same rule as parse_policy() would read it, without its line.
std::string text_of(const Account& account);
std::string text_of(const Rule& rule);

// Who started the program.
struct Caller {
  uint32_t user = 0;
  std::vector<uint32_t> groups;
  std::string name;  // empty: not known

  std::string account() const { return name.empty() ? std::to_string(user) : name; }
};

// The number of an account that is given by name; none: nobody is called so.
using NumberOf = std::function<std::optional<uint32_t>(const Account&)>;

Policy rules_for(const Policy& all, const Caller& caller, const NumberOf& number_of);

// What a caller asks for, all at once.
struct Wish {
  std::string device;
  std::optional<Ipv4> gate;   // this host's address on the device
  std::optional<Ipv4> guest;  // the guest's behind it
};

// The first rule that allows all of it; null: none does.
const Rule* allowing(const Policy& rules, const Wish& wish) noexcept;

// Names for a new device, in the order in which they are to be tried; one with %d is a pattern for the next
// free number. `wish.device` is the usual beginning of a name, such as tap: names with it come first.
std::vector<std::string> names_for(const Policy& rules, const Wish& wish);

// The line that would allow it. `wish.device` may be a pattern here, as in tap*.
std::string line_for(const Caller& caller, const Wish& wish, bool forward = false);

}  // namespace ethercast::helper
