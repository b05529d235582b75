// TapRig: a tap port with a host that is none, and the kernel's side of its tap; in a network namespace.
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include <cstring>
#include <fstream>
#include <optional>

#include "engine/link_setup.h"
#include "ports/registry.h"
#include "test/support/fake_host.h"
#include "test/support/namespace.h"
#include "test/support/packet_socket.h"
#include "test/support/packets.h"

namespace ethercast::test {

// True when taps can't be made here: then the test says so and ends.
inline bool no_taps(const Namespace& own) {
  const bool able = own.ok() && ::access("/dev/net/tun", R_OK | W_OK) == 0;
  if (!able) MESSAGE("skipped: no network namespace or no /dev/net/tun; run as root");
  return !able;
}

inline Config tap_config(const char* device = "") {
  Config config;
  if (*device != 0) config.set("device", std::string(device));
  return config;
}

// This host's own IPv6 is kept quiet, so that nothing is read that was not sent.
inline void hush() { std::ofstream("/proc/sys/net/ipv6/conf/default/disable_ipv6") << 1; }

// A tap as another program would make it, kept by its descriptor.
inline Fd make_raw_tap(const char* name, int flags) {
  Fd fd(::open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK));
  ifreq request{};
  std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  request.ifr_flags = static_cast<short>(IFF_TAP | flags);
  REQUIRE(ioctl(fd.get(), TUNSETIFF, &request) == 0);
  return fd;
}

inline int index_of(const std::string& name) { return static_cast<int>(if_nametoindex(name.c_str())); }

// A port with a host that is none, and the kernel's side of its tap.
struct TapRig {
  explicit TapRig(const Config& config, const char* transport = "tuntap")
      : port(std::move(make_port(transport, config).value())) {
    hush();
    auto opened = port->open(host);
    REQUIRE_MESSAGE(opened.ok(), (opened.ok() ? "" : opened.error().message));
    port->on_lan_mtu(0);
    REQUIRE(set_link_up(index_of(host.notes["device"])).ok());
    kernel.emplace(index_of(host.notes["device"]));
    REQUIRE(kernel->ok());
  }
  ~TapRig() { port->close(); }
  bool hears(size_t count) {
    for (int i = 0; i < 300 && host.frames.size() < count; ++i) host.breathe(*port, 10);
    return host.frames.size() >= count;
  }
  TxResult send(const std::vector<Octets>& frames) {
    batch.clear();
    std::vector<uint16_t> picks;
    for (const Octets& frame : frames) {
      picks.push_back(batch.size());
      REQUIRE(batch.append(frame, 1));
    }
    return port->transmit(batch, picks);
  }

  FakeHost host;
  std::unique_ptr<Port> port;
  std::optional<PacketSocket> kernel;
  FrameBatch batch;
};

inline std::vector<Octets> tcp_run(int count, size_t payload) {
  std::vector<Octets> frames;
  for (int i = 0; i < count; ++i) {
    Wire wire;
    wire.sequence += static_cast<uint32_t>(static_cast<size_t>(i) * payload);
    wire.id = static_cast<uint16_t>(100 + i);
    wire.payload = pattern(payload, static_cast<uint32_t>(i));
    frames.push_back(build_parts(wire).frame);
  }
  return frames;
}

}  // namespace ethercast::test
