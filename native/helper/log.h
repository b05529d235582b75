// What was done, as the guest's kernel prints it: each step as the command that a person would type for it,
// and what went wrong. Bounded: the kernel reads 4095 octets at most.
#pragma once

#include <string>
#include <string_view>

namespace ethercast::helper {

class Log {
 public:
  // Octets of text at most; with name, length and NUL it stays below what the kernel reads.
  static constexpr size_t kMost = 4000;

  void did(std::string_view command) { line("* ", command); }
  void say(std::string_view text) { line("", text); }

  const std::string& text() const noexcept { return text_; }
  void clear() noexcept {
    text_.clear();
    full_ = false;
  }

 private:
  void line(std::string_view start, std::string_view rest) {
    constexpr std::string_view kCut = "...\n";
    if (full_) return;
    if (text_.size() + start.size() + rest.size() + 1 > kMost - kCut.size()) {
      full_ = true;
      text_ += kCut;
      return;
    }
    text_.append(start).append(rest).append("\n");
  }

  std::string text_;
  bool full_ = false;
};

}  // namespace ethercast::helper
