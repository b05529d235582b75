// TapDevice: one queue of a tap, the kernel's Ethernet device with a program instead of a cable
// (Documentation/networking/tuntap.rst, linux/if_tun.h). Makes the device, or attaches to one that was made
// before, and finds out what it can do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/result.h"
#include "engine/fd.h"

namespace ethercast {

struct TapWish {
  std::string device;  // empty: the next free tapN
  std::optional<int>
      inherited;        // a descriptor that somebody opened already: then nothing below matters but offload
  bool offload = true;  // super-frames and unfinished checksums, where the kernel has them
  // For a tap that is made here; one that was there is left as it is.
  std::optional<uint32_t> owner, group;
  bool persist = false;  // it stays when nobody has it open
};

class TapDevice {
 public:
  // Errors teach: no privilege, somebody else has it, no tap of that name, no /dev/net/tun.
  Result<> open(const TapWish& wish);
  // Leaves a tap that stays as it was found: the next program may not know of super-frames.
  void close() noexcept;

  int fd() const noexcept { return fd_.get(); }
  const std::string& name() const noexcept { return name_; }
  int index() const noexcept { return index_; }
  bool made_here() const noexcept { return made_here_; }
  bool has_multi_queue() const noexcept { return multi_queue_; }
  // Octets of virtio-net header before each frame, both ways; 0: none.
  uint32_t vnet_header() const noexcept { return vnet_header_; }
  // What may be written besides finished frames (port.h, kTakes bits).
  uint16_t takes() const noexcept { return takes_; }
  // What is in use, and why not more; for people.
  const std::string& offload() const noexcept { return offload_; }

  // False once the device was deleted; a tap that was moved to another namespace is still attached.
  bool is_attached() const noexcept;

 private:
  Result<> attach(const TapWish& wish);
  Result<> attach_inherited(int number, bool offload);
  Result<> keep_for(const TapWish& wish);
  Result<> follow_vnet_header(bool shared);
  void choose_offload(bool wanted, bool shared);

  Fd fd_;
  std::string name_;
  int index_ = 0;
  bool made_here_ = false;
  bool multi_queue_ = false;
  bool offload_set_ = false;
  uint32_t vnet_header_ = 0;
  uint16_t takes_ = 0;
  std::string offload_;
};

// What can be asked of /dev/net/tun without making anything: 0 and the IFF_ flags it knows
// (TUNGETFEATURES), or why not.
struct TunAbility {
  int os_errno = 0;
  uint32_t features = 0;
};
TunAbility tun_ability() noexcept;

}  // namespace ethercast
