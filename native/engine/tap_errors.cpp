#include "engine/tap_errors.h"

#include <cerrno>
#include <cstring>

namespace ethercast {

Error no_tun_device(int os_errno) {
  std::string message = "/dev/net/tun can't be opened";
  switch (os_errno) {
    case ENOENT:
      message =
          "there is no /dev/net/tun: load it (sudo modprobe tun), or make it (sudo mkdir -p /dev/net; sudo "
          "mknod -m 666 /dev/net/tun c 10 200); a container is given it (docker run --device /dev/net/tun "
          "--cap-add NET_ADMIN)";
      break;
    case ENODEV:
    case ENXIO:
      message = "this kernel has no taps: sudo modprobe tun, or a kernel with CONFIG_TUN";
      break;
    case EACCES:
    case EPERM:
      message =
          "this user may not open /dev/net/tun: sudo chmod 666 /dev/net/tun (which tap somebody may use, the "
          "kernel checks by its owner); in a container also the device must be allowed";
      break;
    default:
      break;
  }
  return Error::os(os_errno, "open", std::move(message));
}

Error not_a_tap(const LinkInfo& link) {
  if (link.kind == "tun") {
    return Error::bad_field("device", "device " + link.name +
                                          " carries IP packets without Ethernet (tun, not tap): give another "
                                          "name; tuntap without one takes the next free tap");
  }
  const std::string kind = link.kind.empty() ? "network device" : link.kind;
  return Error::bad_field("device", "device " + link.name + " is not a tap but a " + kind +
                                        ": give another name; tuntap without one takes the next free tap; to "
                                        "reach " +
                                        link.name + ", put it into one bridge with a tap");
}

Error tap_refused(int os_errno, const std::string& name, const LinkInfo* link) {
  const std::string shown = name.empty() ? "tap0" : name;
  std::string message;
  switch (os_errno) {
    case EPERM:
      if (link == nullptr) {
        message =
            "making a tap takes the capability CAP_NET_ADMIN: run as root, or have one made for you (sudo ip "
            "tuntap add dev " +
            shown + " mode tap user $USER) and give its name";
      } else {
        message = shown + " is " +
                  (link->owner   ? "user " + std::to_string(*link->owner) + "'s"
                   : link->group ? "for group " + std::to_string(*link->group)
                                 : std::string("not yours")) +
                  ": run as that user or as root, or have it made for you (sudo ip tuntap del dev " + shown +
                  " mode tap" + (link->has_multi_queue ? " multi_queue" : "") + "; sudo ip tuntap add dev " +
                  shown + " mode tap user $USER)";
      }
      break;
    case EBUSY:
      message = "another program has " + shown + " (which: sudo grep -l 'iff:.*" + shown +
                "' /proc/[0-9]*/fdinfo/*); a tap has one user, unless it was made with more queues (sudo ip "
                "tuntap add dev " +
                shown + " mode tap multi_queue user $USER)";
      break;
    case E2BIG:
      message = "all queues of " + shown + " are in use";
      break;
    case EINVAL:
      message = shown +
                " can't be a tap: the name must not be of another device, nor hold '/', ':' or spaces, nor "
                "be longer than 15 octets";
      break;
    case ENFILE:
      message = "no tap is free: all of tap0 and so on are taken";
      break;
    default:
      message = "the tap " + shown + " can't be had";
  }
  return Error::os(os_errno, "TUNSETIFF", std::move(message));
}

}  // namespace ethercast
