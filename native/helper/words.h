// Words that a stranger wrote, on a command line or in a file: looked at, and shown without harm.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace ethercast::helper {

// In quotes, cut to a few dozen octets; '?' for what a terminal or a kernel's log might take for more than
// text.
std::string shown(std::string_view text);

// More narrow than the kernel's rule (any octets but '/', ':', spaces): a name also goes into messages and
// commands that people copy, and '%' would make a pattern of it.
bool is_device_name(std::string_view text) noexcept;

// The one of these words that differs by a slip of the finger or two; empty: none is near.
std::string_view nearest(std::string_view word, std::span<const std::string_view> known);

}  // namespace ethercast::helper
