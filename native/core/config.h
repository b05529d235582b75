// Config: a port's configuration as flat names and values, the same for every transport. The TypeScript specs
// have checked it already; the getters check again, because addresses and lengths from here reach the kernel.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/result.h"

namespace ethercast {

class Config {
 public:
  using Value = std::variant<std::string, int64_t, bool, std::vector<std::string>>;

  // `value` is whatever a Value can be made of; it is made in its place.
  template <typename T>
  void set(std::string key, T&& value) {
    values_.emplace_back(std::move(key), std::forward<T>(value));
  }
  bool has(const std::string& key) const noexcept { return find(key) != nullptr; }

  Result<std::string> text(const std::string& key) const {
    const Value* value = find(key);
    if (value == nullptr || !std::holds_alternative<std::string>(*value)) return missing(key, "a text");
    return std::get<std::string>(*value);
  }
  Result<int64_t> integer(const std::string& key, int64_t least, int64_t most) const {
    const Value* value = find(key);
    if (value == nullptr || !std::holds_alternative<int64_t>(*value)) return missing(key, "a whole number");
    const int64_t number = std::get<int64_t>(*value);
    if (number < least || number > most) {
      return Error::bad_field(key, key + " " + std::to_string(number) + " is out of range: allowed are " +
                                       std::to_string(least) + " to " + std::to_string(most));
    }
    return number;
  }
  Result<bool> flag(const std::string& key) const {
    const Value* value = find(key);
    if (value == nullptr || !std::holds_alternative<bool>(*value)) return missing(key, "true or false");
    return std::get<bool>(*value);
  }
  // Sets `into`, if the key is there.
  Result<> flag_into(const std::string& key, bool& into) const {
    if (!has(key)) return {};
    auto given = flag(key);
    if (!given) return given.error();
    into = given.value();
    return {};
  }
  Result<std::vector<std::string>> texts(const std::string& key) const {
    const Value* value = find(key);
    if (value == nullptr || !std::holds_alternative<std::vector<std::string>>(*value)) {
      return missing(key, "a list of texts");
    }
    return std::get<std::vector<std::string>>(*value);
  }

 private:
  const Value* find(const std::string& key) const noexcept {
    for (const auto& [name, value] : values_) {
      if (name == key) return &value;
    }
    return nullptr;
  }
  static Error missing(const std::string& key, const char* kind) {
    return Error::bad_field(key, key + " is missing or not " + kind);
  }

  std::vector<std::pair<std::string, Value>> values_;
};

}  // namespace ethercast
