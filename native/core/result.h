// Result<T>: a value or an Error. Nothing below native/node throws.
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "core/errc.h"

namespace ethercast {

struct Error {
  Errc code = Errc::state;
  int os_errno = 0;               // for Errc::os, else 0
  const char* syscall = nullptr;  // static text; for Errc::os
  std::string field;              // for Errc::field: the spec's name of it
  std::string message;            // one sentence: what, what is allowed, what to do

  static Error os(int os_errno, const char* syscall, std::string message) {
    return {Errc::os, os_errno, syscall, {}, std::move(message)};
  }
  static Error bad_field(std::string field, std::string message) {
    return {Errc::field, 0, nullptr, std::move(field), std::move(message)};
  }
  static Error of(Errc code, std::string message) { return {code, 0, nullptr, {}, std::move(message)}; }
};

template <typename T = void>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}
  bool ok() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }
  // Precondition of value(): ok(). Precondition of error(): !ok().
  T& value() noexcept { return *std::get_if<0>(&state_); }
  const T& value() const noexcept { return *std::get_if<0>(&state_); }
  Error& error() noexcept { return *std::get_if<1>(&state_); }
  const Error& error() const noexcept { return *std::get_if<1>(&state_); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : ok_(false), error_(std::move(error)) {}
  bool ok() const noexcept { return ok_; }
  explicit operator bool() const noexcept { return ok_; }
  Error& error() noexcept { return error_; }
  const Error& error() const noexcept { return error_; }

 private:
  bool ok_ = true;
  Error error_;
};

}  // namespace ethercast
