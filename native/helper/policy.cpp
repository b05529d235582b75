#include "helper/policy.h"

#include <net/if.h>

#include <algorithm>

#include "helper/words.h"

namespace ethercast::helper {

namespace {

uint32_t mask_of(uint8_t bits) noexcept { return bits == 0 ? 0 : ~uint32_t{0} << (32 - bits); }

template <typename T, typename Text>
std::string joined(const std::vector<T>& items, Text text) {
  std::string all;
  for (const T& each : items) all.append(all.empty() ? "" : ",").append(text(each));
  return all;
}

std::string word_of(const DeviceWord& word) { return word.name + (word.is_prefix ? "*" : ""); }
std::string word_of(const Net& net) {
  return text_of(net.address) + (net.bits == 32 ? "" : "/" + std::to_string(net.bits));
}

bool allows(const Rule& rule, const Wish& wish) noexcept {
  const auto covers = [&](const DeviceWord& word) { return word.covers(wish.device); };
  const auto has = [&](const Net& net) { return net.has(*wish.guest); };
  return std::any_of(rule.devices.begin(), rule.devices.end(), covers) &&
         (!wish.gate || std::find(rule.gates.begin(), rule.gates.end(), *wish.gate) != rule.gates.end()) &&
         (!wish.guest || std::any_of(rule.guests.begin(), rule.guests.end(), has));
}

}  // namespace

bool Net::has(const Ipv4& host) const noexcept {
  return ((helper::number_of(host) ^ helper::number_of(address)) & mask_of(bits)) == 0;
}

std::string text_of(const Account& account) {
  return (account.is_group ? "@" : "") +
         (account.name.empty() ? std::to_string(account.number) : account.name);
}

std::string text_of(const Rule& rule) {
  std::string text = "allow user " + joined(rule.users, [](const Account& each) { return text_of(each); }) +
                     " device " + joined(rule.devices, [](const DeviceWord& each) { return word_of(each); });
  if (!rule.guests.empty())
    text += " guest " + joined(rule.guests, [](const Net& each) { return word_of(each); });
  if (!rule.gates.empty())
    text += " gate " + joined(rule.gates, [](const Ipv4& each) { return text_of(each); });
  return text + (rule.forward ? " forward" : "");
}

Policy rules_for(const Policy& all, const Caller& caller, const NumberOf& number_of) {
  const auto is_caller = [&](const Account& account) {
    const auto number = account.name.empty() ? std::optional(account.number) : number_of(account);
    if (!number) return false;
    if (!account.is_group) return *number == caller.user;
    return std::find(caller.groups.begin(), caller.groups.end(), *number) != caller.groups.end();
  };
  Policy rules;
  for (const Rule& each : all) {
    if (std::any_of(each.users.begin(), each.users.end(), is_caller)) rules.push_back(each);
  }
  return rules;
}

const Rule* allowing(const Policy& rules, const Wish& wish) noexcept {
  for (const Rule& each : rules) {
    if (allows(each, wish)) return &each;
  }
  return nullptr;
}

std::vector<std::string> names_for(const Policy& rules, const Wish& wish) {
  const std::string usual = wish.device + "%d";
  std::vector<std::string> first, others;
  const auto keep = [](std::vector<std::string>& names, const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  for (const Rule& rule : rules) {
    for (const DeviceWord& word : rule.devices) {
      Wish one = wish;
      one.device = word.is_prefix ? word.name + "0" : word.name;
      if (!allows(rule, one)) continue;
      // Every name of that pattern must be one of the word's: tap0* has not all of tap%d.
      if (word.is_prefix && wish.device.starts_with(word.name)) {
        keep(first, usual);
      } else {
        keep(word.name.starts_with(wish.device) ? first : others,
             word.is_prefix ? word.name + "%d" : word.name);
      }
    }
  }
  for (const std::string& each : others) keep(first, each);
  return first;
}

std::string line_for(const Caller& caller, const Wish& wish, bool forward) {
  std::string line = "allow user " + caller.account() + " device " + wish.device;
  if (wish.guest) line += " guest " + text_of(*wish.guest);
  if (wish.gate) line += " gate " + text_of(*wish.gate);
  return line + (forward ? " forward" : "");
}

}  // namespace ethercast::helper
