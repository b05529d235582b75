// uml_net as a process: what it hands over, what it changes, and what it refuses, with descriptors that are
// closed or of the wrong kind, devices of others, and versions that there are none of.
#include <arpa/inet.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "test/support/helper_rig.h"
#include "test/support/tap_rig.h"

using namespace ethercast;
using namespace ethercast::test;

namespace {

bool contains(const std::string& text, const char* what) {
  CAPTURE(text);
  return text.find(what) != std::string::npos;
}

// The host's address of a device, as text; empty: it has none.
std::string address_of(const char* device) {
  const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::strncpy(request.ifr_name, device, IFNAMSIZ - 1);
  if (ioctl(socket.get(), SIOCGIFADDR, &request) != 0) return {};
  sockaddr_in address;
  std::memcpy(&address, &request.ifr_addr, sizeof address);
  return inet_ntoa(address.sin_addr);
}

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// Lines of /proc/net/route for one host by a device.
bool has_route(const char* device, const char* address) {
  char wanted[64];
  std::snprintf(wanted, sizeof wanted, "%s\t%08X\t", device, inet_addr(address));
  return read_file("/proc/thread-self/net/route").find(wanted) != std::string::npos;
}

}  // namespace

TEST_CASE("helper program: tuntap up hands a tap over, in one datagram") {
  const Namespace own;
  if (no_taps(own)) return;
  const Pair channel = socket_pair(SOCK_DGRAM);
  const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  HelperProcess process({"4", "tuntap", "up", "198.18.0.1"},
                        {{null.get(), 0}, {channel.theirs.get(), 1}, {null.get(), 2}});
  const auto handed = read_device(channel.ours.get());
  REQUIRE(handed.has_value());
  CHECK(process.wait() == 0);
  REQUIRE(handed->device);
  REQUIRE(handed->octets.size() > IFNAMSIZ);
  CHECK(std::string(handed->octets.c_str()) == "tap0");
  CHECK(handed->octets.substr(4, IFNAMSIZ - 4) == std::string(IFNAMSIZ - 4, '\0'));
  CHECK(handed->octets.back() == '\0');
  CHECK(contains(handed->octets, "* ip addr replace 198.18.0.1/32 dev tap0\n"));
  ifreq request{};
  REQUIRE(ioctl(handed->device.get(), TUNGETIFF, &request) == 0);
  CHECK(std::string(request.ifr_name) == "tap0");
  CHECK((request.ifr_flags & (IFF_TAP | IFF_NO_PI | IFF_VNET_HDR)) == (IFF_TAP | IFF_NO_PI));
  CHECK(address_of("tap0") == "198.18.0.1");
  CHECK(read_file("/proc/sys/net/ipv4/ip_forward") == "1\n");
}

TEST_CASE(
    "helper program: whatever is wrong with tuntap up, its caller is told, and does not wait for ever") {
  const Namespace own;
  if (no_taps(own)) return;
  const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  for (const std::vector<std::string>& words : {std::vector<std::string>{"4", "tuntap", "up"},
                                                {"4", "tuntap", "up", "198.18.0.1", "x"},
                                                {"4", "tuntap", "up", "198.18.0.256"},
                                                {"5", "tuntap", "up", "198.18.0.1"},
                                                {"-1", "tuntap", "up", "198.18.0.1"},
                                                {"1", "tuntap", "up", "198.18.0.1"}}) {
    const Pair channel = socket_pair(SOCK_DGRAM);
    HelperProcess process(words, {{null.get(), 0}, {channel.theirs.get(), 1}, {null.get(), 2}});
    const auto handed = read_device(channel.ours.get());
    REQUIRE(handed.has_value());
    CHECK_FALSE(handed->device);
    CHECK(handed->octets.starts_with("uml_net: "));  // UML prints from the first octet on
    CHECK(handed->octets.back() == '\0');
    CHECK(process.wait() == 1);
    CHECK(if_nametoindex("tap0") == 0);
  }
}

TEST_CASE("helper program: an answer that can't be given in its form goes to stderr, and nothing is made") {
  const Namespace own;
  if (no_taps(own)) return;
  // A pipe where a socket of datagrams is due.
  const HelperResult piped = run_helper({"4", "tuntap", "up", "198.18.0.1"});
  CHECK(piped.code == 1);
  CHECK(piped.out.empty());
  CHECK(contains(piped.err, "which is not one end of a pair of datagram sockets"));
  const Pair stream = socket_pair(SOCK_STREAM);
  CHECK(run_helper({"4", "tuntap", "up", "198.18.0.1"}, {{stream.theirs.get(), 1}}).code == 1);
  CHECK(contains(run_helper({"2", "tuntap", "up", "x", "77", "198.18.0.1"}).err, "not open"));
  CHECK(contains(run_helper({"4", "ethertap", "tap0", "3"}).err, "a pair of stream sockets"));
  // All closed: stdout is then open for reading alone, and never the next file.
  HelperProcess silent({"4", "add", "tap0", "198.18.0.2", "255.255.255.0"}, {});
  CHECK(silent.wait() == 1);
  CHECK(run_helper({}).code == 1);
  CHECK(contains(run_helper({}).err, "UML starts it by itself"));
  CHECK(contains(run_helper({"4", "slirp"}).err, "allowed are ethertap, slip, tuntap, add and del"));
  CHECK(if_nametoindex("tap0") == 0);
}

TEST_CASE("helper program: add and del") {
  const Namespace own;
  if (no_taps(own)) return;
  const Fd tap = make_raw_tap("tap3", IFF_NO_PI);
  const Fd lan = make_raw_tap("lan0", IFF_NO_PI);
  for (const char* name : {"tap3", "lan0"}) REQUIRE(set_link_up(index_of(name)).ok());
  REQUIRE(add_link_address(index_of("lan0"), parse_host_address("x", "198.18.7.1/24").value()).ok());

  const HelperResult added = run_helper({"4", "add", "tap3", "198.18.7.2", "255.255.255.0"});
  CHECK(added.code == 0);
  CHECK(answer_in(added) ==
        "* ip route add 198.18.7.2/32 dev tap3\n* sysctl -w net.ipv4.conf.tap3.proxy_arp=1\n"
        "* ip neigh replace proxy 198.18.7.2 dev lan0\n");
  CHECK(has_route("tap3", "198.18.7.2"));
  // Once more changes nothing.
  CHECK(contains(answer_in(run_helper({"4", "add", "tap3", "198.18.7.2", "255.255.255.0"})),
                 "it is there already"));

  const HelperResult stolen = run_helper({"4", "add", "lan0", "198.18.7.2", "255.255.255.0"});
  CHECK(stolen.code == 1);
  CHECK(contains(answer_in(stolen), "198.18.7.2 is reached by tap3 already"));
  CHECK_FALSE(has_route("lan0", "198.18.7.2"));

  const HelperResult deleted = run_helper({"4", "del", "tap3", "198.18.7.2", "255.255.255.0"});
  CHECK(deleted.code == 0);
  CHECK(contains(answer_in(deleted), "* ip neigh del proxy 198.18.7.2 dev lan0\n"));
  CHECK_FALSE(has_route("tap3", "198.18.7.2"));
  const HelperResult again = run_helper({"4", "del", "tap3", "198.18.7.2", "255.255.255.0"});
  CHECK(again.code == 0);
  CHECK(contains(answer_in(again), "it was not there"));
  // Without a mask, as version 3 asks, the LAN is on eth0, or nowhere.
  CHECK(contains(answer_in(run_helper({"3", "tuntap", "add", "tap3", "198.18.7.3"})), "ip route add"));
  CHECK(run_helper({"2", "tuntap", "del", "tap3", "198.18.7.3"}).out.empty());
  CHECK_FALSE(has_route("tap3", "198.18.7.3"));
}

TEST_CASE("helper program: its answers have the form of those of uml-utilities") {
  const std::string debian = "/usr/bin/uml_net";
  if (::access(debian.c_str(), X_OK) != 0) {
    MESSAGE("skipped: no /usr/bin/uml_net (Debian and Ubuntu: uml-utilities)");
    return;
  }
  struct Form {
    std::string name_field;
    bool has_device, ends_with_nul;
    std::string address, route_reads, forwards;
    int add_code, del_code;
    std::ptrdiff_t add_steps, del_steps;
    bool operator==(const Form&) const = default;
  };
  std::vector<Form> forms;
  for (const std::string& program : {our_helper(), debian}) {
    const Namespace own;
    if (no_taps(own)) return;
    const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC)), lan = make_raw_tap("lan0", IFF_NO_PI);
    REQUIRE(set_link_up(index_of("lan0")).ok());
    REQUIRE(add_link_address(index_of("lan0"), parse_host_address("x", "198.18.7.1/24").value()).ok());
    const Pair channel = socket_pair(SOCK_DGRAM);
    HelperProcess process({"4", "tuntap", "up", "198.18.0.1"},
                          {{null.get(), 0}, {channel.theirs.get(), 1}, {null.get(), 2}}, program);
    const auto handed = read_device(channel.ours.get());
    REQUIRE(handed.has_value());
    CHECK(process.wait() == 0);
    const HelperResult added = run_helper({"4", "add", "tap0", "198.18.7.2", "255.255.255.0"}, {}, program);
    const bool route = has_route("tap0", "198.18.7.2");
    const HelperResult deleted = run_helper({"4", "del", "tap0", "198.18.7.2", "255.255.255.0"}, {}, program);
    const auto steps = [](const std::string& text) {
      return std::count(text.begin(), text.end(), '*');  // one before each command
    };
    forms.push_back({handed->octets.substr(0, IFNAMSIZ), static_cast<bool>(handed->device),
                     handed->octets.back() == '\0', address_of("tap0"), route ? "there" : "not there",
                     read_file("/proc/sys/net/ipv4/ip_forward"), added.code, deleted.code,
                     steps(answer_in(added)), steps(answer_in(deleted))});
  }
  CHECK(forms[0] == forms[1]);
  CHECK(forms[0].add_steps == 3);
}

TEST_CASE("helper program: other devices than guests' are nobody's to route to") {
  const Namespace own;
  if (no_taps(own)) return;
  REQUIRE(set_link_up(index_of("lo")).ok());
  for (const char* verb : {"add", "del"}) {
    const HelperResult loopback = run_helper({"4", verb, "lo", "198.18.7.2", "255.255.255.0"});
    CHECK(loopback.code == 1);
    CHECK(contains(answer_in(loopback), "lo is no tap, tun or SLIP device"));
    CHECK(contains(answer_in(run_helper({"4", verb, "tap9", "198.18.7.2", "255.255.255.0"})),
                   "there is no device tap9"));
  }
  CHECK(contains(answer_in(run_helper({"4", "add", "../lo", "198.18.7.2", "255.255.255.0"})),
                 "is no name of a device"));
}

TEST_CASE("helper program: it refuses to run setuid or setgid") {
  const Namespace own;
  if (no_taps(own)) return;
  // setgid makes AT_SECURE true for whoever has another group.
  // Beside the program itself: file systems for temporary files may not know setgid.
  const std::string copy = our_helper() + "-setgid";
  const std::string command =
      "cp " + our_helper() + " " + copy + " && chgrp 65534 " + copy + " && chmod 2755 " + copy + " && " +
      copy + " 4 add tap0 198.18.0.2 255.0.0.0 | grep -q 'setuid or setgid, which is more than'";
  const int status = std::system(command.c_str());
  CHECK(::unlink(copy.c_str()) == 0);
  CHECK(status == 0);
}
