// uml_net's slip with a terminal of the test's: by a process of its own where the kernel has no SLIP, and by
// the kernel where it has; the test is the same but for who names the device.
#include <sys/ioctl.h>
#include <termios.h>

#include "core/slip.h"
#include "test/support/helper_rig.h"
#include "test/support/tap_rig.h"

using namespace ethercast;
using namespace ethercast::test;

namespace {

Pair terminal() {
  Fd master(::open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
  int unlocked = 0;
  REQUIRE(master);
  REQUIRE(ioctl(master.get(), TIOCSPTLCK, &unlocked) == 0);
  Fd slave(ioctl(master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  REQUIRE(slave);
  return {std::move(master), std::move(slave)};
}

// Whether it goes with the process or the line discipline that carried it.
bool gone(const char* device) {
  for (int i = 0; i < 300 && if_nametoindex(device) != 0; ++i) poll(nullptr, 0, 10);
  return if_nametoindex(device) == 0;
}

// An echo request to this host, from 198.18.0.2; with octets that SLIP must escape.
Octets echo_request() {
  Octets packet(28 + 40, slip::kEnd);
  const uint8_t header[] = {0x45, 0, 0,   68, 0, 1, 0, 0, 64, 1, 0, 0, 198, 18,
                            0,    2, 198, 18, 0, 1, 8, 0, 0,  0, 0, 1, 0,   1};
  std::copy(std::begin(header), std::end(header), packet.begin());
  packet[40] = slip::kEsc;
  const auto sum = [&](size_t from, size_t to, size_t at) {
    uint32_t total = 0;
    for (size_t i = from; i < to; i += 2) total += static_cast<uint32_t>(packet[i] << 8 | packet[i + 1]);
    while (total > 0xffff) total = (total & 0xffff) + (total >> 16);
    packet[at] = static_cast<uint8_t>(~total >> 8);
    packet[at + 1] = static_cast<uint8_t>(~total);
  };
  sum(0, 20, 10);
  sum(20, packet.size(), 22);
  return packet;
}

// The next IPv4 packet from the line; empty: none came.
Octets next_packet(int master) {
  SlipDecoder decoder(1500);
  for (int i = 0; i < 500; ++i) {
    pollfd ready{master, POLLIN, 0};
    if (poll(&ready, 1, 10) != 1) continue;
    uint8_t octets[4096];
    const ssize_t got = ::read(master, octets, sizeof octets);
    if (got <= 0) continue;
    std::span<const uint8_t> left(octets, static_cast<size_t>(got));
    while (decoder.next(left)) {
      if (decoder.packet()[0] >> 4 == 4) return {decoder.packet().begin(), decoder.packet().end()};
    }
  }
  return {};
}

bool send_packet(int master, const Octets& packet) {
  Octets line(slip::most_on_line(packet.size()));
  line.resize(slip::encode(packet, line));
  return ::write(master, line.data(), line.size()) == static_cast<ssize_t>(line.size());
}

}  // namespace

TEST_CASE("helper slip: up, packets both ways, an address, down") {
  const Namespace own;
  if (no_taps(own)) return;
  hush();
  for (const char* version : {"4", "3"}) {
    const Pair line = terminal();
    const bool now = *version == '4';
    const std::vector<std::string> words =
        now ? std::vector<std::string>{"4", "slip", "up", "198.18.0.1"}
            : std::vector<std::string>{"3", "slip", "up", "17", "198.18.0.1", "198.18.0.2"};
    const HelperResult up = run_helper(words, {{line.theirs.get(), now ? 0 : 17}});
    CAPTURE(up.err);
    REQUIRE(up.code == 0);
    CHECK(answer_in(up).find("* ip addr replace 198.18.0.1/32 dev sl0\n") != std::string::npos);
    if (now) CHECK(run_helper({"4", "add", "sl0", "198.18.0.2", "255.255.255.255"}).code == 0);
    char name[IFNAMSIZ] = {};
    const bool by_kernel = ioctl(line.theirs.get(), SIOCGIFNAME, name) == 0;
    MESSAGE(std::string(by_kernel ? "carried by the kernel" : "carried by a process"));
    if (by_kernel) CHECK(std::string(name) == "sl0");

    // Noise on the line, and what is no IPv4, change nothing.
    REQUIRE(send_packet(line.ours.get(), Octets{1, 2, 3}));
    REQUIRE(send_packet(line.ours.get(), Octets(1400, 0xdb)));
    REQUIRE(send_packet(line.ours.get(), Octets(3000, 0x45)));
    const Octets request = echo_request();
    REQUIRE(send_packet(line.ours.get(), request));
    const Octets reply = next_packet(line.ours.get());
    REQUIRE(reply.size() == request.size());
    CHECK(reply[20] == 0);  // an echo reply
    CHECK(std::equal(reply.begin() + 24, reply.end(), request.begin() + 24));

    const HelperResult down =
        now ? run_helper({"4", "slip", "down", "lo"}, {{line.theirs.get(), 0}})
            : run_helper({"3", "slip", "down", "17", "198.18.0.2"}, {{line.theirs.get(), 17}});
    CHECK(down.code == 0);
    CHECK(gone("sl0"));
    CHECK(if_nametoindex("lo") != 0);
  }
}

TEST_CASE("helper slip: hung up, its device goes") {
  const Namespace own;
  if (no_taps(own)) return;
  {
    const Pair line = terminal();
    REQUIRE(
        run_helper({"4", "slip", "up", "198.18.0.1"}, {{line.theirs.get(), 0}, {line.ours.get(), 9}}).code ==
        0);
    CHECK(if_nametoindex("sl0") != 0);
  }
  CHECK(gone("sl0"));
}

TEST_CASE("helper slip: what is no terminal, or another one") {
  const Namespace own;
  if (no_taps(own)) return;
  for (const char* operation : {"up", "down"}) {
    const HelperResult refused = run_helper({"4", "slip", operation, "198.18.0.1"});
    CHECK(refused.code == 1);
    CHECK(answer_in(refused).find("descriptor 0, which is not a terminal") != std::string::npos);
  }
  CHECK(answer_in(run_helper({"3", "slip", "up", "77", "198.18.0.1", "198.18.0.2"})).find("not open") !=
        std::string::npos);
  const Pair mine = terminal(), others = terminal();
  REQUIRE(run_helper({"4", "slip", "up", "198.18.0.1"}, {{others.theirs.get(), 0}}).code == 0);
  const HelperResult refused = run_helper({"4", "slip", "down", "sl0"}, {{mine.theirs.get(), 0}});
  CHECK(refused.code == 1);
  CHECK(answer_in(refused).find("this terminal has no device") != std::string::npos);
  CHECK(if_nametoindex("sl0") != 0);
}
