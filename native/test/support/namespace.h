// Namespace: a network namespace of the test's own, with nothing in it but what it makes. For root alone.
#pragma once

#include <fcntl.h>
#include <sched.h>

#include "engine/fd.h"

namespace ethercast::test {

// The calling thread is in it until this goes, and with it every device that was made.
class Namespace {
 public:
  Namespace() : before_(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)) {
    inside_ = before_ && unshare(CLONE_NEWNET) == 0;
  }
  Namespace(const Namespace&) = delete;
  Namespace& operator=(const Namespace&) = delete;
  ~Namespace() {
    if (inside_) (void)setns(before_.get(), CLONE_NEWNET);
  }
  bool ok() const noexcept { return inside_; }

 private:
  Fd before_;
  bool inside_ = false;
};

}  // namespace ethercast::test
