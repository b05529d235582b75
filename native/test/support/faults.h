// Faults: system calls that fail because a test says so, and a record of what was asked of the kernel. The
// linker puts these between the library and the C library (--wrap).
#pragma once

#include <cstdint>
#include <vector>

namespace ethercast::test {

struct SocketOption {
  int level, option, value;
};

class Faults {
 public:
  // The next `times` calls of sendmmsg fail with `os_errno`; -1: all of them.
  static void fail_sendmmsg(int os_errno, int times) noexcept;
  // From now on messages of more than `frames` frames, or of frames longer than `length` in a run, fail.
  struct Runs {
    int os_errno = 0;
    uint32_t frames = 1;
    uint32_t length = 0;
  };
  static void refuse_runs(Runs runs) noexcept;
  // After so many messages the socket is full (EAGAIN); -1: never.
  static void leave_room(int messages) noexcept;
  // Setting this option fails with ENOPROTOOPT.
  static void refuse_option(int level, int option) noexcept;
  // Frames of each message that has left since record_options().
  static const std::vector<uint32_t>& messages();
  // Socket buffers beyond the system's limit are refused, as to anybody who is not privileged.
  static void refuse_forced_buffers() noexcept;
  // TUNSETOFFLOAD with any of these bits fails with EINVAL, as in kernels that do not know them; 0: none.
  static void refuse_tap_offloads(unsigned long bits) noexcept;
  // Until end(): the options set with an int as their value.
  static void record_options();
  static const std::vector<SocketOption>& options();
  static bool was_set(int level, int option, int value);
  static void end();
};

// Ends all faults when the test's scope ends, also by a failed REQUIRE.
struct FaultScope {
  FaultScope() = default;
  FaultScope(const FaultScope&) = delete;
  FaultScope& operator=(const FaultScope&) = delete;
  ~FaultScope() { Faults::end(); }
};

}  // namespace ethercast::test
