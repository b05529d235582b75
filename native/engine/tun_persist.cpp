#include "engine/tun_persist.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cstring>

#include "engine/fd.h"

namespace ethercast {

namespace {
Error failed(const char* call) {
  const int os_errno = errno;
  return Error::os(os_errno, call, std::strerror(os_errno));
}
}  // namespace

Result<std::string> set_tun_persistence(const TunPersistence& wanted) {
  ifreq request{};
  if (wanted.device.size() >= IFNAMSIZ || wanted.device.find('\0') != std::string::npos) {
    return Error::bad_field("device", "device " + wanted.device +
                                          " can't be a device's name: allowed are 1 to 15 octets without "
                                          "'/', ':' or spaces");
  }
  const Fd tun(::open(wanted.clone.c_str(), O_RDWR | O_CLOEXEC));
  if (!tun) return failed("open");
  std::memcpy(request.ifr_name, wanted.device.c_str(), wanted.device.size());
  request.ifr_flags = static_cast<short>((wanted.ethernet ? IFF_TAP : IFF_TUN) | IFF_NO_PI);
  if (ioctl(tun.get(), TUNSETIFF, &request) != 0) return failed("TUNSETIFF");
  const std::string name(request.ifr_name, strnlen(request.ifr_name, IFNAMSIZ));
  // Each of these takes its number by value.
  if (wanted.owner && ioctl(tun.get(), TUNSETOWNER, static_cast<unsigned long>(*wanted.owner)) != 0) {
    return failed("TUNSETOWNER");
  }
  if (wanted.group && ioctl(tun.get(), TUNSETGROUP, static_cast<unsigned long>(*wanted.group)) != 0) {
    return failed("TUNSETGROUP");
  }
  if (ioctl(tun.get(), TUNSETPERSIST, wanted.persist ? 1UL : 0UL) != 0) {
    return failed("TUNSETPERSIST");
  }
  return name;
}

}  // namespace ethercast
