#include "engine/tun_device.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cstring>

#include "engine/tap_errors.h"

namespace ethercast {

namespace {
std::string why_not(int os_errno, const std::string& name) {
  switch (os_errno) {
    case EPERM:
      return "making a TUN device takes the capability CAP_NET_ADMIN: run as root, or use a pty (line=pty)";
    case EBUSY:
      return "another program has the device " + name + ": give another name, or leave device= out";
    case EINVAL:
      return name +
             " is there already and no TUN device, or no name of one: give another name, or leave "
             "device= out";
    default:
      return "the TUN device " + name + " can't be had: " + std::strerror(os_errno);
  }
}
}  // namespace

Result<> TunDevice::open(const std::string& name, const HostAddress& address, uint32_t mtu) {
  Fd made(::open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK));
  if (!made) return no_tun_device(errno);
  const std::string wanted = name.empty() ? "tun%d" : name;
  ifreq request{};
  if (wanted.size() >= IFNAMSIZ) return Error::os(EINVAL, "TUNSETIFF", why_not(EINVAL, wanted));
  std::memcpy(request.ifr_name, wanted.c_str(), wanted.size() + 1);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (ioctl(made.get(), TUNSETIFF, &request) != 0) {
    return Error::os(errno, "TUNSETIFF", why_not(errno, name.empty() ? "tun0" : name));
  }
  name_ = request.ifr_name;
  const int index = static_cast<int>(if_nametoindex(name_.c_str()));
  if (auto set = set_link_mtu(index, mtu); !set) return set;
  if (auto added = add_link_address(index, address); !added) return added;
  if (auto up = set_link_up(index); !up) return up;
  fd_ = std::move(made);
  return {};
}

}  // namespace ethercast
