// Ends the load generator with a sentence that names the call and what the system said of it.
#pragma once

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace ethercast::load {

[[noreturn]] inline void fail(const char* what, int error = errno) {
  std::fprintf(stderr, "switch_load: %s%s%s\n", what, error != 0 ? ": " : "",
               error != 0 ? std::strerror(error) : "");
  std::exit(1);
}

}  // namespace ethercast::load
