// What the caller of this run may ask for. With rights of its own it may do what they allow, as by hand; with
// rights that only the program has (a file capability), what the policy allows it, and nothing that is
// another user's or this host's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "helper/host.h"
#include "helper/policy.h"

namespace ethercast::helper {

class Rights {
 public:
  // The caller's own.
  Rights() = default;
  // Those that the policy in this file gives to who started this process.
  static Result<Rights> by_policy(const std::string& file);
  // For tests: the rules are the caller's.
  Rights(Policy rules, Caller caller, std::string file)
      : rules_(std::move(rules)), caller_(std::move(caller)), file_(std::move(file)), limited_(true) {}

  // Reads the policy again: a helper that stays minds what has been allowed or forbidden since.
  Result<> renew();

  bool limited() const noexcept { return limited_; }
  // The user that new devices belong to; none: nobody in particular.
  std::optional<uint32_t> owner() const noexcept;

  // `by_name`: the caller chose that very name, and the next run will choose it again.
  Result<> may(const Wish& wish, bool by_name = false) const;
  // Names to try for a new device; `wish.device` is the usual beginning, such as tap. Never empty.
  Result<std::vector<std::string>> names_for(const Wish& wish) const;
  // The device is the caller's.
  Result<> may_use(const Link& device) const;
  // The guest's address is one for this device, and nobody else's as far as this host knows.
  Result<> may_add(const Link& device, const Ipv4& guest, const std::optional<Ipv4>& mask) const;
  bool may_forward(const Wish& wish) const noexcept;

 private:
  Error refusal(const Wish& wish, std::string pattern) const;

  Policy rules_;
  Caller caller_;
  std::string file_;
  bool is_there_ = true;
  bool limited_ = false;
};

}  // namespace ethercast::helper
