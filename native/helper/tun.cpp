#include "helper/tun.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cstring>

#include "helper/privileges.h"

namespace ethercast::helper {

namespace {

Error no_tun(int why) {
  std::string message = "uml_net: /dev/net/tun can't be opened: " + errno_text(why);
  if (why == ENOENT || why == ENODEV || why == ENXIO) {
    message += ". Modules are not loaded by this program: sudo modprobe tun";
  } else if (why == EACCES || why == EPERM) {
    message +=
        ". Whoever runs UML must be able to open it, by its group: ls -l /dev/net/tun; sudo ethercast helper "
        "check";
  }
  return Error::os(why, "open", std::move(message));
}

Error not_had(int why, const std::string& name) {
  std::string message = "uml_net: the device " + name + " can't be had: ";
  if (why == EPERM) {
    message += "it is not yours, and " + how_to_get_privileges();
  } else if (why == EBUSY) {
    message += "another program has it (which: sudo grep -l 'iff:.*" + name + "' /proc/[0-9]*/fdinfo/*)";
  } else {
    message += errno_text(why);
  }
  return Error::os(why, "TUNSETIFF", std::move(message));
}

Result<Fd> open_device() {
  Fd fd(::open("/dev/net/tun", O_RDWR | O_CLOEXEC));
  if (!fd) return no_tun(errno);
  return fd;
}

// Gives a descriptor its device. `exclusive`: a new one, and none else: not one that came in between.
int attach(const Fd& fd, const std::string& name, Carries what, bool exclusive, std::string& actual) {
  ifreq request{};
  if (name.size() >= sizeof request.ifr_name) return ENAMETOOLONG;
  std::memcpy(request.ifr_name, name.c_str(), name.size() + 1);
  request.ifr_flags = static_cast<short>((what == Carries::frames ? IFF_TAP : IFF_TUN) | IFF_NO_PI |
                                         (exclusive ? IFF_TUN_EXCL : 0));
  if (ioctl(fd.get(), TUNSETIFF, &request) != 0) return errno;
  actual.assign(request.ifr_name, strnlen(request.ifr_name, sizeof request.ifr_name));
  return 0;
}

Result<Link> link_called(const std::string& name) {
  const auto now = find_link(name);
  if (!now) return now.error();
  if (!now.value()) return not_had(ENODEV, name);
  return *now.value();
}

// Whoever has a tap that is down may make it another kind of device (TUNSETLINK); frames are not its any
// more.
Result<> expect_kind(const Link& link, Carries what) {
  if (what != Carries::frames || link.type == ARPHRD_ETHER) return {};
  return Error::of(Errc::state,
                   "uml_net: " + link.name + " is a tap, but of type " + std::to_string(link.type) +
                       " and not of Ethernet: make it anew (sudo ip link del " + link.name + ")");
}

Result<Tun> attach_to(const Link& before, Carries what, const Rights& rights) {
  if (!before.is_guests() || before.is_tap != (what == Carries::frames)) {
    return Error::of(Errc::state, "uml_net: " + before.name + " is there, and is no " +
                                      (what == Carries::frames ? "tap" : "tun device") +
                                      ": give another name");
  }
  if (auto own = rights.may_use(before); !own) return own.error();
  if (auto kind = expect_kind(before, what); !kind) return kind.error();
  auto fd = open_device();
  if (!fd) return fd.error();
  std::string actual;
  int why = 0;
  if (rights.limited()) {
    why = attach(fd.value(), before.name, what, false, actual);
  } else {
    const Raised raised;
    why = attach(fd.value(), before.name, what, false, actual);
  }
  if (why != 0) return not_had(why, before.name);
  // What the last program asked for: this one knows whole frames only.
  (void)ioctl(fd.value().get(), TUNSETOFFLOAD, 0UL);
  auto link = link_called(actual);
  if (!link) return link.error();
  // It may be another device of that name by now.
  if (auto own = rights.may_use(link.value()); !own) return own.error();
  if (auto kind = expect_kind(link.value(), what); !kind) return kind.error();
  return Tun{std::move(fd.value()), link.value(), false};
}

}  // namespace

Result<Tun> make_tun(const std::vector<std::string>& names, Carries what, std::optional<uint32_t> owner) {
  auto fd = open_device();
  if (!fd) return fd.error();
  std::string actual;
  int why = ENODEV;
  for (const std::string& name : names) {
    const Raised raised;
    actual = name;
    why = attach(fd.value(), name, what, true, actual);
    // Another's has that name; there may be more names.
    if (why != EBUSY && why != EEXIST) break;
  }
  if (why != 0) return not_had(why, actual);
  if (owner && ioctl(fd.value().get(), TUNSETOWNER, static_cast<unsigned long>(*owner)) != 0) {
    return Error::os(errno, "TUNSETOWNER", "uml_net: the device can't be given to its user");
  }
  auto link = link_called(actual);
  if (!link) return link.error();
  return Tun{std::move(fd.value()), link.value(), true};
}

Result<Tun> open_tun(const std::string& name, Carries what, const Rights& rights) {
  const auto before = find_link(name);
  if (!before) return before.error();
  if (before.value()) return attach_to(*before.value(), what, rights);
  return make_tun({name}, what, rights.owner());
}

}  // namespace ethercast::helper
