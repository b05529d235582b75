// uml_net's policy: a file of any octets, and a wish against it. What is read can be written and read again;
// what is allowed is allowed by one rule in each of its parts; the line that a refusal names allows just what
// was asked for.
#include <algorithm>

#include "fuzz/input.h"
#include "helper/accounts.h"
#include "helper/policy.h"
#include "helper/words.h"

using namespace ethercast;
using namespace ethercast::helper;
using ethercast::fuzz::Input;

namespace {

void check_rule(const Rule& rule) {
  ETHERCAST_MUST(!rule.users.empty() && !rule.devices.empty() && rule.line > 0);
  for (const Account& each : rule.users) {
    ETHERCAST_MUST(each.name.size() <= 32 && each.name.find_first_of(" \t\n#,@*:") == std::string::npos);
  }
  for (const DeviceWord& each : rule.devices) {
    ETHERCAST_MUST(each.name.size() < 16 && (each.is_prefix ? each.name.size() < 15 : !each.name.empty()));
    ETHERCAST_MUST(each.name.find_first_of(" /%*,:") == std::string::npos);
  }
  for (const Net& each : rule.guests) {
    ETHERCAST_MUST(each.bits >= 8 && each.bits <= 32 && is_host(each.address) && each.has(each.address));
  }
  for (const Ipv4& each : rule.gates) ETHERCAST_MUST(is_host(each));
  const auto again = parse_policy(text_of(rule));
  ETHERCAST_MUST(again && again.value().size() == 1);
  Rule same = again.value()[0];
  same.line = rule.line;
  ETHERCAST_MUST(same == rule);
}

// The slow way.
bool is_allowed(const Policy& rules, const Wish& wish) {
  for (const Rule& rule : rules) {
    bool device = false, gate = !wish.gate, guest = !wish.guest;
    for (const DeviceWord& each : rule.devices) {
      device = device || (each.is_prefix ? wish.device.substr(0, each.name.size()) == each.name
                                         : wish.device == each.name);
    }
    for (const Ipv4& each : rule.gates) gate = gate || each == *wish.gate;
    for (const Net& each : rule.guests) {
      if (!wish.guest) break;
      const unsigned spare = 32U - each.bits;
      guest = guest || number_of(each.address) >> spare == number_of(*wish.guest) >> spare;
    }
    if (device && gate && guest) return true;
  }
  return false;
}

Ipv4 host_from(Input& input) {
  Ipv4 address = input.number<Ipv4>();
  // Mostly in one net, so that rules and wishes meet.
  if ((address[3] & 1) != 0) address = {198, 18, 9, address[3]};
  return is_host(address) ? address : Ipv4{198, 18, 9, 70};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input input(data, size);
  Caller caller;
  caller.user = input.number<uint16_t>();
  caller.groups = {input.octet(), 100};
  Wish wish;
  const uint8_t kinds = input.octet();
  if ((kinds & 1) != 0) wish.gate = host_from(input);
  if ((kinds & 2) != 0) wish.guest = host_from(input);
  wish.device = input.text(input.octet() % 16);
  if (!is_device_name(wish.device)) wish.device = "tap0";
  const std::string text = input.text(size);

  (void)account_number(text, "alice");
  caller.name = account_name(text, caller.user);
  ETHERCAST_MUST(shown(text).size() <= 45);

  // Whatever the file is: the line of the refusal is a rule, and allows this caller this wish.
  const auto number_of_account = [&](const Account& account) {
    return account.is_group ? account_number(text, account.name)
                            : (account.name == caller.name ? std::optional(caller.user)
                                                           : account_number(text, account.name));
  };
  const auto line = parse_policy(line_for(caller, wish));
  ETHERCAST_MUST(line && line.value().size() == 1);
  check_rule(line.value()[0]);
  const Policy own = rules_for(line.value(), caller, number_of_account);
  ETHERCAST_MUST(own.size() == 1 && allowing(own, wish) != nullptr);
  ETHERCAST_MUST(allowing({}, wish) == nullptr && names_for({}, wish).empty());

  const auto read = parse_policy(text);
  if (!read) {
    const std::string& message = read.error().message;
    ETHERCAST_MUST(message.starts_with("line ") && message.size() < 400);
    for (const char each : message) ETHERCAST_MUST(each != '\n' && each != '\0' && each != '\x1b');
    return 0;
  }
  for (const Rule& each : read.value()) check_rule(each);
  const Policy rules = rules_for(read.value(), caller, number_of_account);
  ETHERCAST_MUST(rules.size() <= read.value().size());
  const Rule* const by = allowing(rules, wish);
  ETHERCAST_MUST((by != nullptr) == is_allowed(rules, wish));
  for (const std::string& name : names_for(rules, wish)) {
    Wish made = wish;
    made.device = name.ends_with("%d") ? name.substr(0, name.size() - 2) + "0" : name;
    ETHERCAST_MUST(is_device_name(made.device) && is_allowed(rules, made));
  }
  return 0;
}
