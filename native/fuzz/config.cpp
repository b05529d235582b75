// Configurations as a hostile script might give them: making a port checks them, or refuses with a field's
// name. No port is opened, so nothing reaches the kernel.
#include "core/config.h"

#include "core/ether.h"
#include "fuzz/input.h"
#include "ports/registry.h"

using namespace ethercast;
using namespace ethercast::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const char* const transports[] = {"mcast",  "ucast", "host", "tuntap", "daemon", "switch",   "bess",
                                           "stream", "dgram", "pcap", "slip",   "slirp",  "ethertap", "fd"};
  static const char* const keys[] = {
      "group",   "port",       "ttl",        "loop",  "interface", "source",  "buffer",  "mtu",
      "remote",  "listenPort", "remotePort", "mac",   "mss",       "offload", "device",  "hostIp",
      "socket",  "listen",     "connect",    "local", "args",      "filter",  "promisc", "optimize",
      "program", "clients",    "mode",       "wait",  "reconnect", "fd",      "type",    "line",
      "link",    "gateway",    "peer",       "owner", "persist"};
  static const char* const texts[] = {"239.192.168.1", "127.0.0.1", "::1",
                                      "ff12::1",       "lo",        "0.0.0.0",
                                      "224.0.0.1",     "/x",        "127.0.0.1:1102",
                                      "[::1]:1102",    "0660",      "umask",
                                      "nobody",        "auto",      "off",
                                      "dgram",         "tun",       "198.18.1.254/24"};
  Input input(data, size);
  const uint8_t which = input.octet();
  const std::string transport =
      which == 255 ? input.text(input.octet()) : transports[which % std::size(transports)];
  Config config;
  while (!input.empty()) {
    const uint8_t key_number = input.octet();
    const std::string key =
        key_number == 255 ? input.text(input.octet()) : keys[key_number % std::size(keys)];
    switch (input.octet() % 6) {
      case 0:
        config.set(key, input.text(input.octet()));
        break;
      case 1:
        config.set(key, std::string(texts[input.octet() % std::size(texts)]));
        break;
      case 2:
        config.set(key, input.number<int64_t>());
        break;
      case 3:
        config.set(key, int64_t{input.number<uint16_t>()});
        break;
      case 4: {
        std::vector<std::string> list(input.octet() % 128);
        for (std::string& each : list) each = input.text(input.octet());
        config.set(key, std::move(list));
        break;
      }
      default:
        config.set(key, input.octet() % 2 == 0);
        break;
    }
  }
  const auto made = make_port(transport, config);
  if (made) {
    const Caps caps = made.value()->caps();
    ETHERCAST_MUST(caps.max_frame >= kEtherHeader && caps.max_frame <= kMaxFrame);
    made.value()->close();  // never opened: that is allowed, and does nothing
  } else {
    ETHERCAST_MUST(made.error().code == Errc::field || made.error().code == Errc::unsupported);
    ETHERCAST_MUST(!made.error().message.empty());
  }
  return 0;
}
