#include "helper/waiting.h"

#include <sys/signalfd.h>

#include <cerrno>
#include <csignal>

namespace ethercast::helper {

Result<> EndSignals::open() {
  sigset_t ends;
  sigemptyset(&ends);
  for (const int each : {SIGINT, SIGTERM, SIGHUP}) {
    sigaddset(&ends, each);
    (void)::signal(each, SIG_DFL);  // a caller may have left it ignored
  }
  if (sigprocmask(SIG_BLOCK, &ends, nullptr) != 0) {
    return Error::os(errno, "sigprocmask", "uml_net: signals can't be set up");
  }
  fd_.reset(signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd_) return Error::os(errno, "signalfd", "uml_net: signals can't be set up");
  return {};
}

bool wait_for(std::span<pollfd> descriptors) noexcept {
  for (;;) {
    if (poll(descriptors.data(), descriptors.size(), -1) >= 0) return true;
    if (errno != EINTR) return false;
  }
}

void settle() noexcept { [[maybe_unused]] const int moved = chdir("/"); }

}  // namespace ethercast::helper
