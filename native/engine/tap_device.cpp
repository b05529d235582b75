#include "engine/tap_device.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "core/port.h"
#include "engine/inherited_fd.h"
#include "engine/link_setup.h"
#include "engine/tap_errors.h"

namespace ethercast {

namespace {

// UDP segmentation offload came with Linux 6.2; the system's header may be older.
constexpr unsigned kUso4 = 0x20, kUso6 = 0x40;
constexpr unsigned kTso = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;

struct Offload {
  unsigned mask;
  uint16_t takes;
  const char* text;
};
// Best first. What may be written does not hang on the mask, but a kernel that takes USO in the mask takes it
// in writes too.
constexpr Offload kOffloads[] = {
    {kTso | kUso4 | kUso6, kTakesTcp4 | kTakesTcp6 | kTakesUdp | kTakesChecksum, "tso4 tso6 uso checksum"},
    {kTso, kTakesTcp4 | kTakesTcp6 | kTakesChecksum, "tso4 tso6 checksum, without uso: the kernel has none"},
    {TUN_F_CSUM, kTakesTcp4 | kTakesTcp6 | kTakesChecksum,
     "checksum, without tso and uso: the kernel has none"},
    {0, kTakesTcp4 | kTakesTcp6 | kTakesChecksum, "sending only: the kernel has none for what it hands over"},
};

// Longer headers than any kernel has are set back: the room for one is made once.
constexpr int kLongestVnetHeader = 64;
constexpr int kPlainVnetHeader = 10;

bool set_up_name(ifreq& request, const std::string& name) noexcept {
  if (name.size() >= IFNAMSIZ) return false;
  std::memcpy(request.ifr_name, name.c_str(), name.size() + 1);
  return true;
}

}  // namespace

TunAbility tun_ability() noexcept {
  const Fd fd(::open("/dev/net/tun", O_RDWR | O_CLOEXEC));
  TunAbility ability;
  if (!fd || ioctl(fd.get(), TUNGETFEATURES, &ability.features) != 0) ability.os_errno = errno;
  return ability;
}

Result<> TapDevice::open(const TapWish& wish) {
  Result<> opened = attach(wish);
  if (!opened) close();
  return opened;
}

Result<> TapDevice::attach(const TapWish& wish) {
  if (wish.inherited) return attach_inherited(*wish.inherited, wish.offload);
  fd_.reset(::open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK));
  if (!fd_) return no_tun_device(errno);
  unsigned features = 0;
  if (ioctl(fd_.get(), TUNGETFEATURES, &features) != 0) return no_tun_device(errno);

  std::optional<LinkInfo> before;
  if (!wish.device.empty()) {
    auto found = look_up_link(wish.device);
    if (!found) return found.error();
    before = std::move(found.value());
    if (before && !before->is_tap) return not_a_tap(*before);
  }
  // Header and offloads belong to the device, not to the queue: where others have queues, theirs hold.
  const bool shared = before && before->has_multi_queue && before->queues != 0;
  if (shared && before->has_packet_information) {
    return Error::of(Errc::unsupported, "other programs use " + wish.device +
                                            " with packet information before each frame (no IFF_NO_PI): "
                                            "that is not spoken here; give another tap");
  }
  const bool vnet = shared ? before->has_vnet_header : wish.offload && (features & IFF_VNET_HDR) != 0;
  ifreq request{};
  if (!set_up_name(request, wish.device.empty() ? "tap%d" : wish.device)) {
    return tap_refused(EINVAL, wish.device, nullptr);
  }
  unsigned flags = IFF_TAP | IFF_NO_PI | (vnet ? IFF_VNET_HDR : 0u);
  if (before && before->has_multi_queue) flags |= IFF_MULTI_QUEUE;
  // Refuses a device that came in between: it is then somebody else's, and not ours to set up.
  if (!before) flags |= IFF_TUN_EXCL;
  request.ifr_flags = static_cast<short>(flags);
  if (ioctl(fd_.get(), TUNSETIFF, &request) != 0) {
    return tap_refused(errno, wish.device, before ? &*before : nullptr);
  }
  name_ = request.ifr_name;
  made_here_ = !before;
  multi_queue_ = (flags & IFF_MULTI_QUEUE) != 0;
  auto now = look_up_link(name_);
  if (!now) return now.error();
  if (!now.value()) return Error::os(ENODEV, "RTM_GETLINK", name_ + " is gone as soon as it was had");
  index_ = now.value()->index;

  if (made_here_) {
    if (auto kept = keep_for(wish); !kept) return kept;
  }
  if (vnet) {
    if (auto followed = follow_vnet_header(shared); !followed) return followed;
  } else {
    offload_ = !wish.offload ? "off: as configured"
               : shared      ? "off: other programs use this tap without"
                             : "off: the kernel has no virtio-net header";
  }
  choose_offload(wish.offload, shared);
  return {};
}

// As whoever opened it has set it up.
Result<> TapDevice::attach_inherited(int number, bool offload) {
  auto copy = copy_inherited(number);
  if (!copy) return copy.error();
  fd_ = std::move(copy.value());
  ifreq request{};
  if (ioctl(fd_.get(), TUNGETIFF, &request) != 0) {
    return Error::os(errno, "TUNGETIFF", "descriptor " + std::to_string(number) + " is no tap");
  }
  name_ = request.ifr_name;
  const auto flags = static_cast<unsigned>(request.ifr_flags);
  // It may live in another namespace, and a device of that name here be another one.
  const auto link = look_up_link(name_);
  const bool here = link && link.value() && link.value()->is_tap;
  // Some kernels say IFF_NO_PI of every tap here, and the truth there.
  if ((flags & IFF_TAP) == 0 || (flags & IFF_NO_PI) == 0 || (here && link.value()->has_packet_information)) {
    return Error::bad_field(
        "fd", "descriptor " + std::to_string(number) + " is " + name_ + ", opened " +
                  ((flags & IFF_TAP) == 0 ? "without Ethernet (IFF_TUN)"
                                          : "with packet information before each frame (no IFF_NO_PI)") +
                  ": allowed is a tap with IFF_TAP and IFF_NO_PI");
  }
  // Shared with whoever has the same descriptor; but a tap has one reader, and that is this port now.
  if (fcntl(fd_.get(), F_SETFL, fcntl(fd_.get(), F_GETFL) | O_NONBLOCK) != 0) {
    return Error::os(errno, "fcntl", name_ + " can't be made non-blocking");
  }
  multi_queue_ = (flags & IFF_MULTI_QUEUE) != 0;
  if (here) index_ = link.value()->index;
  if ((flags & IFF_VNET_HDR) == 0) {
    offload_ = "off: whoever opened this tap did so without";
    return {};
  }
  if (auto followed = follow_vnet_header(true); !followed) return followed;
  choose_offload(offload, true);
  return {};
}

// Whose it is, and whether it stays; each of these ioctls takes its number by value.
Result<> TapDevice::keep_for(const TapWish& wish) {
  if (wish.owner && ioctl(fd_.get(), TUNSETOWNER, static_cast<unsigned long>(*wish.owner)) != 0) {
    return Error::os(errno, "TUNSETOWNER",
                     "owner " + std::to_string(*wish.owner) + " can't be given " + name_);
  }
  if (wish.group && ioctl(fd_.get(), TUNSETGROUP, static_cast<unsigned long>(*wish.group)) != 0) {
    return Error::os(errno, "TUNSETGROUP",
                     "group " + std::to_string(*wish.group) + " can't be given " + name_);
  }
  if (wish.persist && ioctl(fd_.get(), TUNSETPERSIST, 1UL) != 0) {
    return Error::os(errno, "TUNSETPERSIST", name_ + " can't be made to stay");
  }
  return {};
}

// Whoever had the tap before may have left another length or byte order.
Result<> TapDevice::follow_vnet_header(bool shared) {
  if (!shared) {
    int legacy = 0;  // the host's own order; kernels without the choice have no other
    (void)ioctl(fd_.get(), TUNSETVNETLE, &legacy);
  }
  int octets = 0;
  if (ioctl(fd_.get(), TUNGETVNETHDRSZ, &octets) != 0) {
    return Error::os(errno, "TUNGETVNETHDRSZ", "the length of " + name_ + "'s offload headers is unknown");
  }
  if (octets < kPlainVnetHeader || octets > kLongestVnetHeader) {
    const std::string shown = std::to_string(octets);
    octets = kPlainVnetHeader;
    if (shared || ioctl(fd_.get(), TUNSETVNETHDRSZ, &octets) != 0) {
      return Error::of(Errc::unsupported, name_ + " has offload headers of " + shown +
                                              " octets: allowed are 10 to 64; use offload=off");
    }
  }
  vnet_header_ = static_cast<uint32_t>(octets);
  return {};
}

// The mask goes by value. It outlives whoever set it, so it is set without a header too: the device would
// else hand over super-frames with nothing that says so.
void TapDevice::choose_offload(bool wanted, bool shared) {
  if (shared) {
    if (vnet_header_ == 0) return;
    takes_ = wanted ? kTakesTcp4 | kTakesTcp6 | kTakesChecksum : 0;
    offload_ = wanted ? "as the other programs on this tap have it" : "off: as configured";
    return;
  }
  if (vnet_header_ == 0) {
    (void)ioctl(fd_.get(), TUNSETOFFLOAD, 0UL);
    return;
  }
  for (const Offload& offload : kOffloads) {
    if (ioctl(fd_.get(), TUNSETOFFLOAD, static_cast<unsigned long>(offload.mask)) != 0) continue;
    offload_set_ = offload.mask != 0;
    takes_ = offload.takes;
    offload_ = offload.text;
    return;
  }
  takes_ = kOffloads[3].takes;
  offload_ = kOffloads[3].text;
}

bool TapDevice::is_attached() const noexcept {
  ifreq request{};
  return ioctl(fd_.get(), TUNGETIFF, &request) == 0;
}

void TapDevice::close() noexcept {
  if (fd_ && offload_set_) {
    const auto link = look_up_link({}, index_);
    const bool others = link && link.value() && link.value()->queues > 1;
    if (!others) (void)ioctl(fd_.get(), TUNSETOFFLOAD, 0UL);
  }
  offload_set_ = false;
  fd_.reset();
}

}  // namespace ethercast
