#include "helper/privileges.h"

#include <linux/capability.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "helper/descriptors.h"

namespace ethercast::helper {

namespace {

constexpr uint32_t kNetAdmin = 1U << CAP_NET_ADMIN;  // one of the first 32
constexpr mode_t kPrivate = 077;

struct Sets {
  __user_cap_data_struct words[_LINUX_CAPABILITY_U32S_3] = {};
};

__user_cap_header_struct of_this_process() noexcept { return {_LINUX_CAPABILITY_VERSION_3, 0}; }

bool get(Sets& sets) noexcept {
  auto header = of_this_process();
  return syscall(SYS_capget, &header, sets.words) == 0;
}

// Nothing is inheritable, so that nothing is ambient either.
bool set(uint32_t permitted, uint32_t effective) noexcept {
  auto header = of_this_process();
  Sets sets;
  sets.words[0].permitted = permitted;
  sets.words[0].effective = effective;
  return syscall(SYS_capset, &header, sets.words) == 0;
}

uint32_t permitted() noexcept {
  Sets sets;
  return get(sets) ? sets.words[0].permitted & kNetAdmin : 0;
}

Error not_dropped() {
  return Error::os(errno, "capset", "uml_net: capabilities can't be dropped: " + errno_text(errno));
}

}  // namespace

bool has_lent_rights() noexcept { return getauxval(AT_SECURE) != 0; }

Result<bool> settle_privileges() {
  if (geteuid() != getuid() || getegid() != getgid()) {
    // Even this is said with no more than the caller's rights.
    if (setresgid(getgid(), getgid(), getgid()) != 0 || setresuid(getuid(), getuid(), getuid()) != 0 ||
        !drop_privileges()) {
      _exit(1);
    }
    return Error::of(
        Errc::unsupported,
        "uml_net: it is installed setuid or setgid, which is more than it needs and more than it "
        "takes: sudo chmod ug-s on it, then sudo setcap cap_net_admin+ep, or let sudo ethercast "
        "helper install do it all");
  }
  const bool lent = has_lent_rights();
  // It starts no program, ever.
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 && lent) return not_dropped();
  if (!set(permitted(), 0)) return not_dropped();
  if (lent) {
    // Neither its memory nor its descriptors are the caller's to look at.
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return not_dropped();
    umask(kPrivate);
    environ = nullptr;
  }
  return lent;
}

Raised::Raised() noexcept {
  const uint32_t all = permitted();
  // Without: the kernel says what it thinks of the change.
  if (all != 0) (void)set(all, all);
}

Raised::~Raised() {
  const int kept = errno;
  if (const uint32_t all = permitted(); all != 0 && !set(all, 0)) _exit(1);
  errno = kept;
}

bool drop_privileges() noexcept { return set(0, 0); }

std::string how_to_get_privileges() {
  return "it takes the capability CAP_NET_ADMIN, which this program has not: sudo ethercast helper install "
         "gives "
         "it to a copy (sudo ethercast helper check says why that may not count), or use a tap that was made "
         "for "
         "you (sudo ip tuntap add dev tap0 mode tap user $USER) and give UML eth0=tuntap,tap0";
}

}  // namespace ethercast::helper
