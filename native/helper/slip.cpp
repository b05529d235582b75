// SLIP: by the line discipline of this host's kernel, where it has one. Where not, a tun device, and a
// process that carries IP packets between it and the terminal. That one lives until the terminal hangs up,
// which it does when UML is gone, or until the device is deleted, which is how `slip down` ends it.
#include "core/slip.h"

#include <fcntl.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <vector>

#include "helper/answers.h"
#include "helper/commands.h"
#include "helper/guests.h"
#include "helper/privileges.h"
#include "helper/tun.h"
#include "helper/waiting.h"

namespace ethercast::helper {

namespace {

// What UML's side has; IP packets, without any header.
constexpr size_t kMtu = 1500;

// On the device stands which terminal it belongs to: `slip down` has the open terminal as its proof.
std::string mark_of(int terminal) {
  struct stat status {};
  if (fstat(terminal, &status) != 0) return {};
  return "uml_net slip " + std::to_string(status.st_dev) + ":" + std::to_string(status.st_rdev);
}

bool is_ipv4(std::span<const uint8_t> packet) noexcept {
  return packet.size() >= 20 && packet.size() <= kMtu && packet[0] >> 4 == 4;
}

class SlipLine {
 public:
  SlipLine(int terminal, const Tun& tun, const EndSignals& signals)
      : terminal_(terminal), device_(tun.fd.get()), signals_(signals.fd()), line_(slip::most_on_line(kMtu)) {}

  void run() {
    for (;;) {
      const bool full = sent_ != pending_;
      std::array<pollfd, 3> ready{{{signals_, POLLIN, 0},
                                   {terminal_, static_cast<short>(full ? POLLIN | POLLOUT : POLLIN), 0},
                                   {device_, static_cast<short>(full ? 0 : POLLIN), 0}}};
      if (!wait_for(ready) || ready[0].revents != 0) return;
      if ((ready[1].revents & POLLIN) != 0 && !from_line()) return;
      if ((ready[1].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) return;
      if ((ready[1].revents & POLLOUT) != 0 && !flush()) return;
      if (ready[2].revents != 0 && (full || !from_device())) return;
    }
  }

 private:
  bool from_line() {
    std::array<uint8_t, 4096> octets;
    const ssize_t got = ::read(terminal_, octets.data(), octets.size());
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (got == 0) return false;
    std::span<const uint8_t> left(octets.data(), static_cast<size_t>(got));
    while (decoder_.next(left)) {
      const auto packet = decoder_.packet();
      if (!is_ipv4(packet)) continue;
      while (::write(device_, packet.data(), packet.size()) < 0) {
        if (errno == EBADFD) return false;
        if (errno != EINTR) break;
      }
    }
    return true;
  }

  bool from_device() {
    std::array<uint8_t, 65536> packet;
    for (int i = 0; i < kRound && sent_ == pending_; ++i) {
      const ssize_t got = ::read(device_, packet.data(), packet.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return errno == EAGAIN || errno == EIO;
      const std::span<const uint8_t> octets(packet.data(), static_cast<size_t>(got));
      if (!is_ipv4(octets)) continue;
      sent_ = 0;
      pending_ = slip::encode(octets, line_);
      if (!flush()) return false;
    }
    return true;
  }

  bool flush() {
    while (sent_ != pending_) {
      const ssize_t wrote = ::write(terminal_, line_.data() + sent_, pending_ - sent_);
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote < 0) return errno == EAGAIN;
      sent_ += static_cast<size_t>(wrote);
    }
    return true;
  }

  const int terminal_, device_, signals_;
  SlipDecoder decoder_{kMtu};
  std::vector<uint8_t> line_;
  size_t sent_ = 0, pending_ = 0;  // of what is in line_
};

Result<> make_raw(int terminal) {
  termios settings{};
  if (tcgetattr(terminal, &settings) == 0) {
    cfmakeraw(&settings);
    settings.c_cflag |= CLOCAL | CREAD | HUPCL;
    if (tcsetattr(terminal, TCSANOW, &settings) == 0) return set_blocking(terminal, false);
  }
  return Error::os(errno, "tcsetattr", "uml_net: the terminal can't be set up: " + errno_text(errno));
}

Result<> set_up_device(const Request& request, const Link& link, const Rights& rights, Log& log) {
  if (auto set = set_mtu(link, kMtu, log); !set) return set;
  if (auto prepared = prepare_device(link, true, request.gate, rights, log); !prepared) return prepared;
  if (auto up = set_up(link, true, log); !up) return up;
  const bool may_change = rights.may_forward({link.name, request.gate, {}});
  if (auto set = forward(may_change, log); !set) return set;
  if (!request.guest) return {};
  return add_guest(link, {*request.guest, {}}, rights, log) ? Result<>() : Error::of(Errc::state, {});
}

// ---- by the kernel

// The device of a terminal that has the line discipline; empty: it has another.
Result<std::optional<Link>> device_of_line(int terminal) {
  char name[IFNAMSIZ] = {};
  if (ioctl(terminal, SIOCGIFNAME, name) != 0) return std::optional<Link>();
  return find_link(std::string(name, strnlen(name, sizeof name)));
}

bool set_discipline(int terminal, int discipline) {
  const Raised raised;
  return ioctl(terminal, TIOCSETD, &discipline) >= 0;
}

// False: this kernel has no SLIP, not for us, or not here: it makes its devices in the first network
// namespace alone, whoever asks.
Result<bool> use_kernel(const Request& request, const Rights& rights, Log& log) {
  if (!set_discipline(request.data_fd, N_SLIP)) return false;
  int plain = 0;  // neither compressed headers (CSLIP) nor six bits an octet: UML speaks neither
  const bool plainly = ioctl(request.data_fd, SIOCSIFENCAP, &plain) == 0;
  const auto found = device_of_line(request.data_fd);
  if (plainly && found && found.value()) {
    const Link& link = *found.value();
    auto done = rights.may({link.name, request.gate, request.guest});
    if (done) done = set_up_device(request, link, rights, log);
    if (done) return true;
    (void)set_discipline(request.data_fd, N_TTY);
    return done.error();
  }
  (void)set_discipline(request.data_fd, N_TTY);
  return false;
}

// ---- by a process

// The process that stays. Never returns to its caller's work.
[[noreturn]] void carry(int terminal, Tun& tun) {
  setsid();
  settle();
  EndSignals signals;
  // Its device goes with it; there is nothing to take back.
  if (!drop_privileges()) _exit(1);
  const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!signals.open() || !null) _exit(1);
  // Its terminal may be one of these; it is then open above, too.
  for (int fd = 0; fd <= 2; ++fd) dup2(null.get(), fd);
  SlipLine(terminal, tun, signals).run();
  _exit(0);
}

Result<> carry_behind(const Request& request, const Rights& rights, const std::vector<std::string>& names,
                      Log& log) {
  Fd terminal(fcntl(request.data_fd, F_DUPFD_CLOEXEC, 3));
  if (!terminal) return Error::os(errno, "fcntl", "uml_net: no descriptor is left");
  auto tun = make_tun(names, Carries::packets, rights.owner());
  if (!tun) return tun.error();
  // The kernel chose the name.
  if (auto may = rights.may({tun.value().link.name, request.gate, request.guest}); !may) return may.error();
  if (auto raw = make_raw(request.data_fd); !raw) return raw;
  if (auto set = set_blocking(tun.value().fd.get(), false); !set) return set;
  if (auto marked = set_alias(tun.value().link, mark_of(request.data_fd)); !marked) return marked;
  if (auto set = set_up_device(request, tun.value().link, rights, log); !set) return set;
  const pid_t child = fork();
  if (child < 0) return Error::os(errno, "fork", "uml_net: no process can be made: " + errno_text(errno));
  if (child == 0) carry(terminal.get(), tun.value());
  return {};
}

}  // namespace

Result<> slip_up(const Parsed& parsed, const Rights& rights, Log& log) {
  const Request& request = parsed.request.value();
  if (auto fits = expect_terminal(request.data_fd); !fits) return fits;
  const auto names = rights.names_for({"sl", request.gate, request.guest});
  if (!names) return names.error();
  const auto used = use_kernel(request, rights, log);
  if (!used) return used.error();
  if (!used.value()) {
    if (auto carried = carry_behind(request, rights, names.value(), log); !carried) return carried;
  }
  if (parsed.answer == Answer::text) return {};
  return send_prefixed(parsed.answer_fd, log);
}

Result<> slip_down(const Parsed& parsed, const Rights& rights, Log& log) {
  const Request& request = parsed.request.value();
  if (auto fits = expect_terminal(request.data_fd); !fits) return fits;
  auto found = device_of_line(request.data_fd);
  if (!found) return found.error();
  std::optional<Link> device = found.value();
  const bool kernels = device.has_value();
  if (!kernels) {
    const std::string mark = mark_of(request.data_fd);
    auto looked = each_link([&](const Link& link) {
      if (link.kind == "tun" && link.alias == mark) device = link;
    });
    if (!looked) return looked;
  }
  if (!device) {
    return Error::of(Errc::state,
                     "uml_net: this terminal has no device: it went with its last process, or was never "
                     "made by uml_net slip up");
  }
  // An alias is anybody's to read, and a terminal's number is another's after it.
  if (!kernels) {
    if (auto own = rights.may_use(*device); !own) return own;
  }
  Result<> first;
  if (request.guest && !delete_guest(*device, {*request.guest, {}}, rights, log))
    first = Error::of(Errc::state, {});
  if (kernels) {
    // Its device goes with the line discipline.
    if (!set_discipline(request.data_fd, N_TTY)) {
      return Error::os(errno, "TIOCSETD", "uml_net: SLIP can't be ended: " + errno_text(errno));
    }
    log.did("ip link del dev " + device->name);
  } else if (auto removed = remove_link(*device, log); !removed) {
    return removed;
  }
  if (!first || parsed.answer == Answer::text) return first;
  return send_prefixed(parsed.answer_fd, log);
}

}  // namespace ethercast::helper
