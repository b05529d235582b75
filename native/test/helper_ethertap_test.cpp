// uml_net's ethertap with a UML that is none: the channels as that kernel makes and uses them, and as a
// hostile one would.
#include <sys/uio.h>

#include <algorithm>

#include "test/support/helper_rig.h"
#include "test/support/tap_rig.h"

using namespace ethercast;
using namespace ethercast::test;

namespace {

constexpr int kDataNumber = 17, kControlNumber = 18;

struct Caller {
  explicit Caller(std::vector<std::string> words, int control_number = 1)
      : null(::open("/dev/null", O_RDWR | O_CLOEXEC)),
        data(socket_pair(SOCK_DGRAM)),
        control(socket_pair(SOCK_STREAM)),
        process(words, given(control_number)) {
    hush();
    data.theirs.reset();
    control.theirs.reset();
  }
  std::vector<std::pair<int, int>> given(int control_number) const {
    // UML's own end stands open in the program as well, as in life.
    std::vector<std::pair<int, int>> all{
        {null.get(), 0}, {null.get(), 2}, {data.theirs.get(), kDataNumber}, {control.ours.get(), 40}};
    if (control_number >= 0) all.emplace_back(control.theirs.get(), control_number);
    if (control_number != 1) all.emplace_back(null.get(), 1);
    return all;
  }
  bool send(const Octets& prefixed) const {
    return ::send(data.ours.get(), prefixed.data(), prefixed.size(), 0) ==
           static_cast<ssize_t>(prefixed.size());
  }
  // What the program hands over, prefix included; empty: nothing.
  Octets receive(int patience_ms = kHelperPatience_ms) const {
    pollfd ready{data.ours.get(), POLLIN, 0};
    if (poll(&ready, 1, patience_ms) != 1) return {};
    Octets frame(1 << 17);
    const ssize_t got = recv(data.ours.get(), frame.data(), frame.size(), 0);
    frame.resize(got < 0 ? 0 : static_cast<size_t>(got));
    return frame;
  }
  void ask(int32_t what, std::initializer_list<uint8_t> rest) const {
    std::string octets(reinterpret_cast<const char*>(&what), sizeof what);
    for (const uint8_t each : rest) octets += static_cast<char>(each);
    REQUIRE(::write(control.ours.get(), octets.data(), octets.size()) == static_cast<ssize_t>(octets.size()));
  }

  Fd null;
  Pair data, control;
  HelperProcess process;
};

Octets frame_of(size_t length, uint8_t first = 2) {
  Octets frame(length, 0x5a);
  for (size_t i = 0; i < 6; ++i) frame[i] = 0xff;
  const uint8_t source[] = {first, 0, 0, 0, 0, 1};
  std::copy_n(source, 6, frame.begin() + 6);
  frame[12] = 0x88;  // an EtherType for experiments
  frame[13] = 0xb5;
  return frame;
}
Octets prefixed(const Octets& frame, uint8_t octet) {
  Octets all{octet, octet};
  all.insert(all.end(), frame.begin(), frame.end());
  return all;
}
bool gone(const char* device) {
  for (int i = 0; i < 300 && if_nametoindex(device) != 0; ++i) poll(nullptr, 0, 10);
  return if_nametoindex(device) == 0;
}

}  // namespace

TEST_CASE("helper ethertap: frames of all lengths both ways, whatever the prefix holds") {
  const Namespace own;
  if (no_taps(own)) return;
  Caller uml({"4", "ethertap", "tap5", "17", "198.18.0.1"});
  CHECK(read_some(uml.control.ours.get(), 1) == "\1");
  const auto log = read_prefixed(uml.control.ours.get());
  REQUIRE(log.has_value());
  CHECK(log->find("* ip addr replace 198.18.0.1/32 dev tap5\n* ip link set dev tap5 up\n") == 0);
  const PacketSocket kernel(index_of("tap5"));
  REQUIRE(kernel.ok());
  for (const size_t length : {14, 15, 60, 1498, 1499, 1514, 1518}) {
    CAPTURE(length);
    const Octets frame = frame_of(length);
    // Its prefix is what was in memory there.
    REQUIRE(uml.send(prefixed(frame, static_cast<uint8_t>(length))));
    const auto heard = kernel.receive();
    REQUIRE(heard.has_value());
    CHECK(heard->frame == frame);
    if (length > 1514) continue;  // the device's MTU bounds what this host sends
    REQUIRE(kernel.send(frame_of(length, 4)));
    CHECK(uml.receive() == prefixed(frame_of(length, 4), 0));
  }
}

TEST_CASE("helper ethertap: what is no frame is left out, and the next one passes") {
  const Namespace own;
  if (no_taps(own)) return;
  Caller uml({"4", "ethertap", "tap5", "17"});
  CHECK(read_some(uml.control.ours.get(), 1) == "\1");
  REQUIRE(read_prefixed(uml.control.ours.get()).has_value());
  const PacketSocket kernel(index_of("tap5"));
  for (const size_t length : {0, 1, 2, 3, 15, 70000, 120000}) REQUIRE(uml.send(Octets(length, 1)));
  const Octets frame = frame_of(60);
  REQUIRE(uml.send(prefixed(frame, 0xff)));
  const auto heard = kernel.receive();
  REQUIRE(heard.has_value());
  CHECK(heard->frame == frame);
}

TEST_CASE("helper ethertap: a guest that does not read holds frames up, and loses none of them") {
  const Namespace own;
  if (no_taps(own)) return;
  Caller uml({"4", "ethertap", "tap5", "17"});
  CHECK(read_some(uml.control.ours.get(), 1) == "\1");
  const PacketSocket kernel(index_of("tap5"));
  // More than such a socket holds (net.unix.max_dgram_qlen), fewer than the tap's queue.
  constexpr int kFrames = 200;
  for (int i = 0; i < kFrames; ++i) {
    Octets frame = frame_of(60);
    frame[20] = static_cast<uint8_t>(i);
    REQUIRE(kernel.send(frame));
  }
  for (int i = 0; i < kFrames; ++i) {
    const Octets frame = uml.receive();
    REQUIRE(frame.size() == 62);
    CHECK(frame[22] == i);
  }
}

TEST_CASE("helper ethertap: addresses over the control channel, each answered; closing it ends all") {
  const Namespace own;
  if (no_taps(own)) return;
  Caller uml({"4", "ethertap", "tap5", "17", "198.18.0.1"});
  const int control = uml.control.ours.get();
  CHECK(read_some(control, 1) == "\1");
  REQUIRE(read_prefixed(control).has_value());
  uml.ask(0, {198, 18, 0, 2, 255, 255, 255, 0});
  CHECK(read_prefixed(control) ==
        "* ip route add 198.18.0.2/32 dev tap5\n* sysctl -w net.ipv4.conf.tap5.proxy_arp=1\n");
  uml.ask(1, {198, 18, 0, 2, 255, 255, 255, 0});
  CHECK(read_prefixed(control) ==
        "* ip route del 198.18.0.2/32 dev tap5\n* sysctl -w net.ipv4.conf.tap5.proxy_arp=0\n");
  // Nonsense is answered as well: UML waits for it.
  uml.ask(9, {198, 18, 0, 2, 255, 255, 255, 0});
  CHECK(read_prefixed(control).value_or("").find("kind 9") != std::string::npos);
  uml.ask(0, {255, 255, 255, 255, 255, 255, 255, 0});
  CHECK(read_prefixed(control).value_or("").find("not one host's") != std::string::npos);
  // No more than so many.
  for (uint8_t i = 0; i < 70; ++i) {
    uml.ask(0, {198, 18, 9, static_cast<uint8_t>(i + 1), 255, 255, 255, 255});
    const std::string answer = read_prefixed(control).value_or("");
    CHECK((answer.find("can't have more") != std::string::npos) == (i >= 64));
  }
  CHECK(if_nametoindex("tap5") != 0);
  uml.control.ours.reset();
  CHECK(uml.process.wait() == 0);
  CHECK(gone("tap5"));
}

TEST_CASE("helper ethertap: older versions") {
  const Namespace own;
  if (no_taps(own)) return;
  for (const char* version : {"1", "2"}) {
    Caller uml({version, "ethertap", "tap5", "17", "18", "198.18.0.1"}, kControlNumber);
    const int control = uml.control.ours.get();
    CHECK(read_some(control, 1) == "\1");
    uml.ask(0, {198, 18, 0, 2});
    // No text at all.
    CHECK(read_some(control, 1, 200).empty());
    CHECK(uml.send(prefixed(frame_of(60), 0)));
    uml.control.ours.reset();
    CHECK(uml.process.wait() == 0);
    CHECK(gone("tap5"));
  }
  {
    Caller uml({"3", "ethertap", "tap5", "17", "198.18.0.1"});
    const int control = uml.control.ours.get();
    CHECK(read_some(control, 1) == "\1");
    REQUIRE(read_prefixed(control).has_value());
    uml.ask(0, {198, 18, 0, 2});
    CHECK(read_prefixed(control).value_or("").find("* ip route add 198.18.0.2/32 dev tap5\n") == 0);
  }
  CHECK(gone("tap5"));
  Caller uml({"ethertap", "tap5", "17", "198.18.0.1", "198.18.0.2"}, -1);
  for (int i = 0; i < 300 && if_nametoindex("tap5") == 0; ++i) poll(nullptr, 0, 10);
  for (int i = 0; i < 300 && index_of("tap5") == 0; ++i) poll(nullptr, 0, 10);
  const PacketSocket kernel(index_of("tap5"));
  REQUIRE(uml.send(prefixed(frame_of(60), 0)));
  CHECK(kernel.receive().has_value());
}

TEST_CASE("helper ethertap: a failure is the octet 0, then the reason") {
  const Namespace own;
  if (no_taps(own)) return;
  REQUIRE(set_link_up(index_of("lo")).ok());
  const Fd taken = make_raw_tap("tap6", IFF_NO_PI);
  const auto refused = [](const std::vector<std::string>& words, const char* why) {
    Caller uml(words);
    CHECK(read_some(uml.control.ours.get(), 1) == std::string(1, '\0'));
    const std::string text = read_prefixed(uml.control.ours.get()).value_or("?");
    CAPTURE(text);
    CHECK(text.find(why) != std::string::npos);
    CHECK(uml.process.wait() == 1);
  };
  refused({"4", "ethertap", "lo", "17", "198.18.0.1"}, "lo is there, and is no tap");
  refused({"4", "ethertap", "tap6", "17", "198.18.0.1"}, "another program has it");
  refused({"4", "ethertap", "a/b", "17"}, "is no name of a device");
  refused({"4", "ethertap", "tap5", "99"}, "descriptor 99, which is not open");
  refused({"4", "ethertap", "tap5", "0"}, "which is not one end of a pair of datagram sockets");
  refused({"4", "ethertap", "tap5", "1"}, "which is not one end of a pair of datagram sockets");
  refused({"4", "ethertap", "tap5", "17", "224.0.0.1"}, "is not one host's");
  refused({"4", "ethertap", "tap5"}, "too few arguments");
  refused({"5", "ethertap", "tap5", "17"}, "allowed are 0 to 4");
  CHECK(if_nametoindex("tap5") == 0);
}

TEST_CASE("helper ethertap: a tap that was there is left as it was") {
  const Namespace own;
  if (no_taps(own)) return;
  {
    const Fd tap = make_raw_tap("tap7", IFF_NO_PI);
    REQUIRE(ioctl(tap.get(), TUNSETPERSIST, 1UL) == 0);
  }
  {
    Caller uml({"4", "ethertap", "tap7", "17", "198.18.0.1"});
    CHECK(read_some(uml.control.ours.get(), 1) == "\1");
    REQUIRE(read_prefixed(uml.control.ours.get()).has_value());
    uml.ask(0, {198, 18, 0, 2, 255, 255, 255, 0});
    REQUIRE(read_prefixed(uml.control.ours.get()).has_value());
    uml.control.ours.reset();
    CHECK(uml.process.wait() == 0);
  }
  const auto link = look_up_link("tap7");
  REQUIRE(link.ok());
  REQUIRE(link.value().has_value());
  CHECK((link.value()->flags & IFF_UP) == 0);
}

TEST_CASE("helper ethertap: deleted under its hands, it ends") {
  const Namespace own;
  if (no_taps(own)) return;
  Caller uml({"4", "ethertap", "tap5", "17"});
  CHECK(read_some(uml.control.ours.get(), 1) == "\1");
  CHECK(std::system("ip link del tap5") == 0);
  CHECK(uml.process.wait() == 0);
}
