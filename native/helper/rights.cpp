#include "helper/rights.h"

#include <grp.h>
#include <unistd.h>

#include <algorithm>

#include "helper/accounts.h"
#include "helper/policy_file.h"

namespace ethercast::helper {

namespace {

// As many as Linux has for a process.
constexpr int kMostGroups = 65536;

std::vector<uint32_t> groups_of_caller() {
  std::vector<gid_t> groups(kMostGroups);
  const int count = getgroups(kMostGroups, groups.data());
  groups.resize(count < 0 ? 0 : static_cast<size_t>(count));
  groups.push_back(getgid());
  return {groups.begin(), groups.end()};
}

// Another run may get another number: tap3 is allowed as tap*.
std::string pattern_of(std::string name) {
  while (!name.empty() && name.back() >= '0' && name.back() <= '9') name.pop_back();
  return name + "*";
}

}  // namespace

Result<Rights> Rights::by_policy(const std::string& file) {
  bool is_there = false;
  const auto policy = load_policy(file, is_there);
  if (!policy) return policy.error();
  const Directory directory = Directory::read();
  Caller caller;
  caller.user = getuid();
  caller.groups = groups_of_caller();
  caller.name = account_name(directory.users, caller.user);
  Policy rules =
      rules_for(policy.value(), caller, [&](const Account& account) { return directory.number_of(account); });
  Rights rights(std::move(rules), std::move(caller), file);
  rights.is_there_ = is_there;
  return rights;
}

Result<> Rights::renew() {
  if (!limited_) return {};
  auto fresh = by_policy(file_);
  if (!fresh) return fresh.error();
  *this = std::move(fresh.value());
  return {};
}

std::optional<uint32_t> Rights::owner() const noexcept {
  if (!limited_) return std::nullopt;
  return caller_.user;
}

Error Rights::refusal(const Wish& wish, std::string pattern) const {
  // No more devices than the caller has already, if it has this one.
  for (const Rule& rule : rules_) {
    for (const DeviceWord& word : rule.devices) {
      if (word.covers(wish.device)) pattern = word.name + (word.is_prefix ? "*" : "");
    }
  }
  std::string what = "uml_net: user " + caller_.account() +
                     (caller_.name.empty() ? "" : " (" + std::to_string(caller_.user) + ")") +
                     " may not have the device " + pattern;
  if (wish.guest) what += " with a guest at " + text_of(*wish.guest);
  if (wish.gate) what += std::string(wish.guest ? " and" : " with") + " this host at " + text_of(*wish.gate);
  Wish line = wish;
  line.device = pattern;
  what += ": nothing was changed. " +
          (is_there_ ? "This line in " + file_ + " would allow it:\n"
                     : "There is no " + file_ + "; with this line in it (and root's) it would be allowed:\n");
  return Error::of(Errc::state, what + line_for(caller_, line));
}

Result<> Rights::may(const Wish& wish, bool by_name) const {
  if (!limited_ || allowing(rules_, wish) != nullptr) return {};
  return refusal(wish, by_name ? wish.device : pattern_of(wish.device));
}

Result<std::vector<std::string>> Rights::names_for(const Wish& wish) const {
  if (!limited_) return std::vector<std::string>{wish.device + "%d"};
  auto names = helper::names_for(rules_, wish);
  if (names.empty()) return refusal(wish, wish.device + "*");
  return names;
}

Result<> Rights::may_use(const Link& device) const {
  if (!limited_ || (device.kind == "tun" && device.owner == caller_.user)) return {};
  return Error::of(Errc::state, "uml_net: the device " + device.name + " is not one of user " +
                                    caller_.account() +
                                    ": nothing was changed. A tap is a user's when it was made so: sudo ip "
                                    "tuntap add dev " +
                                    device.name + " mode tap user " + caller_.account());
}

Result<> Rights::may_add(const Link& device, const Ipv4& guest, const std::optional<Ipv4>& mask) const {
  if (!limited_) return {};
  Wish wish;
  wish.device = device.name;
  wish.guest = guest;
  if (auto allowed = may(wish); !allowed) return allowed;
  return expect_unclaimed(device, guest, mask);
}

bool Rights::may_forward(const Wish& wish) const noexcept {
  if (!limited_) return true;
  return std::any_of(rules_.begin(), rules_.end(),
                     [&](const Rule& rule) { return rule.forward && allowing({rule}, wish) != nullptr; });
}

}  // namespace ethercast::helper
