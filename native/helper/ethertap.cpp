// Ethertap over a tap: UML keeps its two channels, one of frames and one of changes, and the helper in
// between for as long as the device is up. The kernel's own ethertap, which had 2 octets before each frame to
// align it, is gone since Linux 2.6; UML still has them on its channel.
#include <linux/if_ether.h>
#include <net/if.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <vector>

#include "helper/answers.h"
#include "helper/commands.h"
#include "helper/control.h"
#include "helper/guests.h"
#include "helper/tun.h"
#include "helper/waiting.h"

namespace ethercast::helper {

namespace {

constexpr size_t kPrefix = 2;
// The longest frame of a tap: 65535 octets of packet, header, two VLAN tags.
constexpr size_t kLongest = 65535 + ETH_HLEN + 8;
// Addresses that one guest may have at a time.
constexpr size_t kMostGuests = 64;

class Ethertap {
 public:
  Ethertap(const Parsed& parsed, const Rights& rights, Log& log)
      : request_(parsed.request.value()),
        rights_(rights),
        log_(log),
        control_(parsed.answer == Answer::status ? parsed.answer_fd : -1),
        answers_(parsed.control_text),
        decoder_(std::max(request_.change_octets, ControlDecoder::kWithoutMask)) {}

  Result<> start();
  void run();
  // Takes back what a device that stays, and other devices, would keep.
  void stop();

 private:
  Result<> set_up_device();
  Result<> change(const AddressChange& change);
  bool serve_control();
  bool from_tap();
  bool from_guest();
  bool send_pending();

  const Request& request_;
  Rights rights_;
  Log& log_;
  const int control_;
  const bool answers_;
  ControlDecoder decoder_;
  EndSignals signals_;
  Tun tun_;
  bool set_up_here_ = false;
  bool address_given_ = false;
  std::vector<GuestAddress> guests_;
  const std::unique_ptr<uint8_t[]> buffer_ = std::make_unique<uint8_t[]>(kPrefix + kLongest);
  size_t pending_ = 0;  // octets in the buffer that the guest's socket had no room for
};

Result<> Ethertap::start() {
  if (auto fits = expect_socket(request_.data_fd, SOCK_DGRAM, "the channel of frames"); !fits) return fits;
  // The control channel may never tell that UML has died: processes of its own that poll for it outlive it,
  // and hold its descriptors. They are not our parent; UML is.
  const pid_t parent = getppid();
  if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent) {
    return Error::os(errno, "prctl", "uml_net: whoever started this has ended");
  }
  if (auto opened = signals_.open(); !opened) return opened;
  if (auto may = rights_.may({request_.device, request_.gate, request_.guest}, true); !may) return may;
  auto tun = open_tun(request_.device, Carries::frames, rights_);
  if (!tun) return tun.error();
  tun_ = std::move(tun.value());
  Result<> done = set_up_device();
  if (!done) stop();
  return done;
}

Result<> Ethertap::set_up_device() {
  if (auto set = set_blocking(tun_.fd.get(), false); !set) return set;
  if (request_.gate || tun_.made_here) {
    if (auto prepared = prepare_device(tun_.link, tun_.made_here, request_.gate, rights_, log_); !prepared)
      return prepared;
    address_given_ = request_.gate.has_value();
  }
  // One that was there and is to get no address is somebody else's to set up.
  if ((tun_.link.flags & IFF_UP) == 0 && (request_.gate || tun_.made_here)) {
    if (auto up = set_up(tun_.link, true, log_); !up) return up;
    set_up_here_ = true;
  }
  if (request_.gate) {
    const bool may_change = rights_.may_forward({request_.device, request_.gate, {}});
    if (auto set = forward(may_change, log_); !set) return set;
  }
  if (request_.guest) {
    const GuestAddress guest{*request_.guest, {}};
    if (auto added = add_guest(tun_.link, guest, rights_, log_); !added) return Error::of(Errc::state, {});
    guests_.push_back(guest);
  }
  if (control_ < 0) return {};
  auto told = send_status(control_, true, answers_, log_);
  log_.clear();
  return told;
}

void Ethertap::run() {
  for (;;) {
    std::array<pollfd, 4> ready{{{signals_.fd(), POLLIN, 0},
                                 {control_, POLLIN, 0},
                                 {request_.data_fd, POLLIN, 0},
                                 {tun_.fd.get(), POLLIN, 0}}};
    // While the guest does not read, frames wait in the tap's own queue.
    if (pending_ != 0) {
      ready[2].events |= POLLOUT;
      ready[3].events = 0;
    }
    if (!wait_for(ready) || ready[0].revents != 0) return;
    if (ready[1].revents != 0 && !serve_control()) return;
    if ((ready[2].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) return;
    if ((ready[2].revents & POLLIN) != 0 && !from_guest()) return;
    if ((ready[2].revents & POLLOUT) != 0 && !send_pending()) return;
    if (ready[3].revents != 0 && (pending_ == 0 ? !from_tap() : true)) return;
  }
}

// False: the caller has closed it, or does not read its answers.
bool Ethertap::serve_control() {
  std::array<uint8_t, 16 * ControlDecoder::kWithMask> octets;
  const ssize_t got = recv(control_, octets.data(), octets.size(), MSG_DONTWAIT);
  if (got == 0) return false;
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  std::span<const uint8_t> left(octets.data(), static_cast<size_t>(got));
  while (const auto message = decoder_.next(left)) {
    log_.clear();
    const Result<> done = *message ? change(message->value()) : Result<>(message->error());
    if (!done && !done.error().message.empty()) log_.say(done.error().message);
    if (answers_ && !send_prefixed(control_, log_)) return false;
  }
  return true;
}

Result<> Ethertap::change(const AddressChange& change) {
  const GuestAddress guest{change.guest, change.mask};
  const auto known = std::find(guests_.begin(), guests_.end(), guest);
  if (!change.added) {
    if (known != guests_.end()) guests_.erase(known);
    return delete_guest(tun_.link, guest, rights_, log_) ? Result<>() : Error::of(Errc::state, {});
  }
  if (guests_.size() >= kMostGuests) {
    return Error::of(Errc::state, "uml_net: the guest has " + std::to_string(kMostGuests) +
                                      " addresses already, and can't have more");
  }
  if (auto renewed = rights_.renew(); !renewed) return renewed;
  if (!add_guest(tun_.link, guest, rights_, log_)) return Error::of(Errc::state, {});
  if (known == guests_.end()) guests_.push_back(guest);
  return {};
}

// ---- frames. False: it is over.

bool Ethertap::from_tap() {
  for (int i = 0; i < kRound; ++i) {
    const ssize_t got = ::read(tun_.fd.get(), buffer_.get() + kPrefix, kLongest);
    if (got < 0 && errno == EINTR) continue;
    // While it is down there is nothing; when it was deleted, never again.
    if (got < 0) return errno == EAGAIN || errno == EIO;
    if (got < ETH_HLEN) continue;
    buffer_[0] = buffer_[1] = 0;
    pending_ = kPrefix + static_cast<size_t>(got);
    if (!send_pending()) return false;
    if (pending_ != 0) return true;
  }
  return true;
}

bool Ethertap::send_pending() {
  while (::send(request_.data_fd, buffer_.get(), pending_, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
    if (errno == EINTR) continue;
    if (errno == EAGAIN) return true;
    if (errno != ENOBUFS && errno != ENOMEM && errno != EMSGSIZE) return false;
    break;  // this frame is lost, as on any wire
  }
  pending_ = 0;
  return true;
}

bool Ethertap::from_guest() {
  static thread_local std::array<uint8_t, kPrefix + kLongest> frame;
  for (int i = 0; i < kRound; ++i) {
    const ssize_t got = recv(request_.data_fd, frame.data(), frame.size(), MSG_DONTWAIT | MSG_TRUNC);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno == EAGAIN;
    const auto length = static_cast<size_t>(got);
    // Too long to have come whole, or too short to be a frame. What the prefix holds nobody has defined.
    if (length > frame.size() || length < kPrefix + ETH_HLEN) continue;
    while (::write(tun_.fd.get(), frame.data() + kPrefix, length - kPrefix) < 0) {
      if (errno == EBADFD) return false;
      if (errno != EINTR) break;
    }
  }
  return true;
}

void Ethertap::stop() {
  Log unsaid;
  for (const GuestAddress& guest : guests_) (void)delete_guest(tun_.link, guest, rights_, unsaid);
  guests_.clear();
  if (tun_.made_here) return;
  if (address_given_) (void)take_address(tun_.link, *request_.gate, unsaid);
  if (set_up_here_) (void)set_up(tun_.link, false, unsaid);
}

}  // namespace

Result<> ethertap(const Parsed& parsed, const Rights& rights, Log& log) {
  settle();
  Ethertap device(parsed, rights, log);
  if (auto started = device.start(); !started) return started;
  device.run();
  device.stop();
  return {};
}

}  // namespace ethercast::helper
