#include "helper/tun.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cstring>

namespace ethercast::helper {

namespace {

Error no_tun(int why) {
  std::string message = "uml_net: /dev/net/tun can't be opened: " + errno_text(why);
  if (why == ENOENT || why == ENODEV || why == ENXIO) {
    message += ". Modules are not loaded by this program: sudo modprobe tun";
  } else if (why == EACCES || why == EPERM) {
    message += ". Whoever runs UML must be able to open it: ls -l /dev/net/tun";
  }
  return Error::os(why, "open", std::move(message));
}

Error not_had(int why, const std::string& name) {
  std::string message = "uml_net: the device " + name + " can't be had: ";
  if (why == EPERM) {
    message +=
        "making one takes the capability CAP_NET_ADMIN, and this one is not yours: run UML as root, or have "
        "a "
        "tap made for you (sudo ip tuntap add dev tap0 mode tap user $USER) and give UML eth0=tuntap,tap0";
  } else if (why == EBUSY) {
    message += "another program has it (which: sudo grep -l 'iff:.*" + name + "' /proc/[0-9]*/fdinfo/*)";
  } else {
    message += errno_text(why);
  }
  return Error::os(why, "TUNSETIFF", std::move(message));
}

}  // namespace

Result<Tun> open_tun(const std::string& name, Carries what) {
  Tun tun;
  tun.made_here = true;
  if (name.find('%') == std::string::npos) {
    const auto before = find_link(name);
    if (!before) return before.error();
    if (before.value()) {
      tun.made_here = false;
      if (!before.value()->is_guests() || before.value()->is_tap != (what == Carries::frames)) {
        return Error::of(Errc::state, "uml_net: " + name + " is there, and is no " +
                                          (what == Carries::frames ? "tap" : "tun device") +
                                          ": give another name");
      }
    }
  }
  tun.fd.reset(::open("/dev/net/tun", O_RDWR | O_CLOEXEC));
  if (!tun.fd) return no_tun(errno);
  ifreq request{};
  if (name.size() >= sizeof request.ifr_name) return not_had(ENAMETOOLONG, name);
  std::memcpy(request.ifr_name, name.c_str(), name.size() + 1);
  // Of a name that was free it makes one, and none else: not one that came in between.
  request.ifr_flags = static_cast<short>((what == Carries::frames ? IFF_TAP : IFF_TUN) | IFF_NO_PI |
                                         (tun.made_here ? IFF_TUN_EXCL : 0));
  if (ioctl(tun.fd.get(), TUNSETIFF, &request) != 0) return not_had(errno, name);
  // What the last program asked for: this one knows whole frames only.
  if (!tun.made_here) (void)ioctl(tun.fd.get(), TUNSETOFFLOAD, 0UL);
  const std::string actual(request.ifr_name, strnlen(request.ifr_name, sizeof request.ifr_name));
  const auto now = find_link(actual);
  if (!now) return now.error();
  if (!now.value()) return not_had(ENODEV, actual);
  tun.link = *now.value();
  return tun;
}

}  // namespace ethercast::helper
