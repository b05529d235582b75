// The policy of uml_net: what a file says, what is allowed by it, and which files are believed.
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "helper/accounts.h"
#include "helper/policy.h"
#include "helper/policy_file.h"
#include "helper/rights.h"
#include "helper/words.h"

using namespace ethercast;
using namespace ethercast::helper;

namespace {

const Caller kAlice{1000, {1000, 100}, "alice"};

std::optional<uint32_t> numbers(const Account& account) {
  if (account.is_group) return account.name == "users" ? std::optional<uint32_t>(100) : std::nullopt;
  if (account.name == "alice") return 1000;
  if (account.name == "bob") return 1001;
  return std::nullopt;
}

Policy rules_of(const std::string& text) {
  const auto policy = parse_policy(text);
  REQUIRE_MESSAGE(policy.ok(), (policy.ok() ? "" : policy.error().message));
  return rules_for(policy.value(), kAlice, numbers);
}

Ipv4 ip(const char* text) { return parse_ipv4(text).value(); }

Wish wish(const char* device, const char* gate = nullptr, const char* guest = nullptr) {
  Wish made;
  made.device = device;
  if (gate != nullptr) made.gate = ip(gate);
  if (guest != nullptr) made.guest = ip(guest);
  return made;
}

std::string fault_of(const std::string& text) {
  const auto policy = parse_policy(text);
  return policy ? "none" : policy.error().message;
}

bool contains(const std::string& text, const std::string& what) {
  CAPTURE(text);
  return text.find(what) != std::string::npos;
}

// A folder that root alone writes, on a way that root alone writes: what is for temporary files is none.
class RootsFolder {
 public:
  RootsFolder() {
    std::string pattern = "/run/ethercast-test-XXXXXX";
    if (mkdtemp(pattern.data()) != nullptr) path_ = pattern;
    ok_ = !path_.empty() && ::chmod(path_.c_str(), 0755) == 0 && ::getuid() == 0;
    if (!ok_) MESSAGE("skipped: no folder of root's can be made in /run; run as root");
  }
  ~RootsFolder() {
    if (!path_.empty()) CHECK(std::system(("rm -r " + path_).c_str()) == 0);
  }
  bool ok() const noexcept { return ok_; }
  std::string write(const std::string& name, const std::string& text, mode_t mode = 0644) const {
    const std::string file = path_ + "/" + name;
    std::ofstream(file) << text;
    REQUIRE(::chmod(file.c_str(), mode) == 0);
    return file;
  }
  const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
  bool ok_ = false;
};

std::string refused(const std::string& file) {
  bool is_there = false;
  const auto policy = load_policy(file, is_there);
  CHECK(is_there);
  return policy ? "none" : policy.error().message;
}

}  // namespace

TEST_CASE("helper policy: what a rule says") {
  const auto policy = parse_policy(
      "# who may what\n\n"
      "allow user alice,1001,@users,@7 device tap*,vm7 guest 198.18.1.0/28,198.18.2.5 gate 198.18.1.254 "
      "forward  # and why\r\n"
      "\tallow  device\t* user 5");
  REQUIRE(policy.ok());
  REQUIRE(policy.value().size() == 2);
  const Rule& first = policy.value()[0];
  CHECK(first.line == 3);
  CHECK(first.users ==
        std::vector<Account>{{false, "alice", 0}, {false, "", 1001}, {true, "users", 0}, {true, "", 7}});
  CHECK(first.devices == std::vector<DeviceWord>{{"tap", true}, {"vm7", false}});
  CHECK(first.guests == std::vector<Net>{{ip("198.18.1.0"), 28}, {ip("198.18.2.5"), 32}});
  CHECK(first.gates == std::vector<Ipv4>{ip("198.18.1.254")});
  CHECK(first.forward);
  CHECK(text_of(first) ==
        "allow user alice,1001,@users,@7 device tap*,vm7 guest 198.18.1.0/28,198.18.2.5 gate 198.18.1.254 "
        "forward");
  const Rule& second = policy.value()[1];
  CHECK(second.line == 4);
  CHECK_FALSE(second.forward);
  CHECK(text_of(second) == "allow user 5 device *");
  CHECK(parse_policy("").value().empty());
}

TEST_CASE("helper policy: a fault names its line, what is allowed, and the nearest word") {
  CHECK(fault_of("\n\nalow user a device b") ==
        "line 3: 'alow' is unknown: each line begins with allow, or with # for a remark; is 'allow' meant?");
  CHECK(contains(fault_of("deny user a"), "'deny' is unknown: each line begins with allow"));
  CHECK(fault_of("allow user a divice b") ==
        "line 1: 'divice' is unknown: allowed are user, device, guest, gate and forward; is 'device' meant?");
  CHECK(contains(fault_of("allow user a device b guest 198.18.1.1, 198.18.1.2"), "guest '' is none"));
  CHECK(contains(fault_of("allow user a device b guest 198.18.1.1 198.18.1.2"), "stands a comma"));
  CHECK(contains(fault_of("allow user a user b device c"), "user stands there twice"));
  CHECK(contains(fault_of("allow user"), "behind user there is nothing"));
  CHECK(contains(fault_of("allow user #a"), "behind user there is nothing"));
  CHECK(contains(fault_of("allow device tap*"), "names no user"));
  CHECK(contains(fault_of("allow user alice"), "it names no device: allow user alice device tap*"));
  for (const char* user : {"a b,", "@", "-x", "a:b", "4294967295", "4294967296", "a,,b", "!"}) {
    CHECK(fault_of(std::string("allow user ") + user + " device b") != "none");
  }
  for (const char* device :
       {"tap%d", "*tap", "t*p", "a**", "../x", "tap0tap0tap0tap0", "tap0tap0tap0tap*", "a,"}) {
    CHECK(contains(fault_of(std::string("allow user a device ") + device), "device '"));
  }
  CHECK(contains(fault_of("allow user a device b guest 198.18.1.5/28"),
                 "the net is 198.18.1.0/28, the host 198.18.1.5"));
  for (const char* guest :
       {"198.18.1.0/7", "198.18.1.0/33", "198.18.1.0/", "198.18.1", "0.0.0.0/0", "127.0.0.1", "224.0.0.0/8",
        "198.18.1.0/+8", "198.18.01.1", "2001:db8::1", "255.255.255.255"}) {
    CHECK(contains(fault_of(std::string("allow user a device b guest ") + guest), "guest '"));
  }
  for (const char* gate : {"198.18.1.0/24", "0.0.0.0", "127.0.0.1", "x"}) {
    CHECK(contains(fault_of(std::string("allow user a device b gate ") + gate), "gate '"));
  }
  // Nothing of a file reaches a terminal but text.
  CHECK(contains(fault_of("allow user a device b \x1b[2J"), "'?[2J' is unknown"));
  CHECK(contains(fault_of(std::string("allow user a\0 device b", 23)), "user 'a?' is none"));
}

TEST_CASE("helper policy: one rule allows all of a wish, or it is refused") {
  const Policy rules = rules_of(
      "allow user alice device tap* guest 198.18.1.0/28 gate 198.18.1.254\n"
      "allow user @users device vm7 guest 198.18.2.5\n"
      "allow user bob device * guest 198.18.0.0/16 gate 198.18.3.254\n");
  REQUIRE(rules.size() == 2);
  CHECK(allowing(rules, wish("tap0")) == &rules[0]);
  CHECK(allowing(rules, wish("tap12", "198.18.1.254")) == &rules[0]);
  CHECK(allowing(rules, wish("tap0", nullptr, "198.18.1.0")) == &rules[0]);
  CHECK(allowing(rules, wish("tap0", "198.18.1.254", "198.18.1.15")) == &rules[0]);
  CHECK(allowing(rules, wish("vm7", nullptr, "198.18.2.5")) == &rules[1]);
  for (const Wish& each :
       {wish("ta"), wish("vm70"), wish("vm"), wish("tap0", "198.18.1.253"),
        wish("tap0", nullptr, "198.18.1.16"), wish("vm7", nullptr, "198.18.1.1"), wish("vm7", "198.18.1.254"),
        wish("tap0", "198.18.3.254"), wish("tap0", nullptr, "198.18.2.5")}) {
    CAPTURE(each.device);
    CHECK(allowing(rules, each) == nullptr);
  }
  CHECK(allowing({}, wish("tap0")) == nullptr);
  // Nobody is called so: nobody's rule.
  CHECK(rules_of("allow user carol,@staff device tap*").empty());
  CHECK(rules_of("allow user @1000 device tap*").size() == 1);
  CHECK(rules_of("allow user @alice device tap*").empty());
}

TEST_CASE("helper policy: the name of a new device is of the rule that allows it") {
  using Names = std::vector<std::string>;
  CHECK(names_for(rules_of("allow user alice device tap*"), wish("tap")) == Names{"tap%d"});
  CHECK(names_for(rules_of("allow user alice device *"), wish("tap")) == Names{"tap%d"});
  CHECK(names_for(rules_of("allow user alice device t*"), wish("tap")) == Names{"tap%d"});
  // All that the pattern may become is the rule's: tap7 is not.
  CHECK(names_for(rules_of("allow user alice device tap0*"), wish("tap")) == Names{"tap0%d"});
  CHECK(names_for(rules_of("allow user alice device sl0*"), wish("sl")) == Names{"sl0%d"});
  CHECK(names_for(rules_of("allow user alice device t*"), wish("sl")) == Names{"t%d"});
  CHECK(names_for(rules_of("allow user alice device vm7,tap-a*,tap3"), wish("tap")) ==
        Names{"tap-a%d", "tap3", "vm7"});
  const Policy two = rules_of(
      "allow user alice device a* gate 198.18.1.254\n"
      "allow user alice device b* gate 198.18.2.254\n");
  CHECK(names_for(two, wish("tap", "198.18.2.254")) == Names{"b%d"});
  CHECK(names_for(two, wish("tap", "198.18.3.254")).empty());
}

TEST_CASE("helper policy: a refusal has the line that would allow it") {
  const Rights none({}, kAlice, "FILE");
  const auto refusal = none.names_for(wish("tap", "198.18.1.254"));
  REQUIRE_FALSE(refusal.ok());
  CHECK(refusal.error().message ==
        "uml_net: user alice (1000) may not have the device tap* with this host at 198.18.1.254: nothing was "
        "changed. This line in FILE would allow it:\n"
        "allow user alice device tap* gate 198.18.1.254");
  CHECK(contains(none.may(wish("tap7", nullptr, "198.18.1.5"), true).error().message,
                 "\nallow user alice device tap7 guest 198.18.1.5"));
  CHECK(contains(none.may(wish("tap7", nullptr, "198.18.1.5")).error().message,
                 "\nallow user alice device tap* guest 198.18.1.5"));
  // No more devices than the user has already.
  const Rights some(rules_of("allow user alice device vm-1"), kAlice, "FILE");
  CHECK(contains(some.may(wish("vm-1", nullptr, "198.18.1.5")).error().message,
                 "\nallow user alice device vm-1 guest 198.18.1.5"));
  const Rights unknown({}, Caller{77, {77}, ""}, "FILE");
  CHECK(contains(unknown.may(wish("tap7")).error().message, "user 77 may not"));
  CHECK(Rights().may(wish("tap7", "198.18.1.254")).ok());
  CHECK_FALSE(some.may_forward(wish("vm-1")));
  CHECK(Rights().may_forward(wish("vm-1")));
  const Rights forwards(rules_of("allow user alice device a\nallow user alice device b forward"), kAlice,
                        "F");
  CHECK_FALSE(forwards.may_forward(wish("a")));
  CHECK(forwards.may_forward(wish("b")));
}

TEST_CASE("helper policy: a device is its owner's") {
  const Rights rights({}, kAlice, "FILE");
  Link device;
  device.name = "tap3";
  device.kind = "tun";
  CHECK(contains(rights.may_use(device).error().message, "tap3 is not one of user alice"));
  device.owner = 1001;
  CHECK_FALSE(rights.may_use(device).ok());
  device.owner = 1000;
  CHECK(rights.may_use(device).ok());
  device.kind = "veth";
  CHECK_FALSE(rights.may_use(device).ok());
  CHECK(Rights().may_use(device).ok());
}

TEST_CASE("helper policy: names come out of passwd and group alone") {
  const std::string users =
      "root:x:0:0:root:/root:/bin/sh\n:x:5:5\nbroken\nalice:x:1000:1000::/:/bin/sh\nalice:x:7:7::/:\n"
      "with,comma:x:8:8::/:\nlong:x:99999999999:1::/:\n1234:x:9:9::/:\n+nis:::\nlast:x:10:10";
  CHECK(account_number(users, "alice") == 1000U);
  CHECK(account_number(users, "last") == 10U);
  CHECK_FALSE(account_number(users, "carol").has_value());
  CHECK_FALSE(account_number(users, "long").has_value());
  CHECK_FALSE(account_number(users, "broken").has_value());
  CHECK(account_name(users, 1000) == "alice");
  CHECK(account_name(users, 4).empty());
  // These could not be written into a line.
  CHECK(account_name(users, 8).empty());
  CHECK(account_name(users, 9).empty());
}

TEST_CASE("helper policy: only a file of root's on a way of root's is believed") {
  const RootsFolder folder;
  if (!folder.ok()) return;
  const std::string rule = "allow user alice device tap*\n";
  bool is_there = false;
  const auto good = load_policy(folder.write("good", rule), is_there);
  REQUIRE(good.ok());
  CHECK(is_there);
  CHECK(good.value().size() == 1);
  const auto none = load_policy(folder.path() + "/none", is_there);
  CHECK(none.ok());
  CHECK_FALSE(is_there);

  CHECK(contains(refused(folder.write("group", rule, 0664)), "may be written by others than root"));
  CHECK(contains(refused(folder.write("all", rule, 0646)), "sudo chmod go-w "));
  const std::string other = folder.write("other", rule);
  REQUIRE(::chown(other.c_str(), 65534, 0) == 0);
  CHECK(
      contains(refused(other), "is not root's (until that is right, nothing is allowed): sudo chown root "));
  const std::string link = folder.path() + "/link", pipe = folder.path() + "/pipe";
  REQUIRE(::symlink((folder.path() + "/good").c_str(), link.c_str()) == 0);
  CHECK(contains(refused(link), "no part of its path may be a link"));
  REQUIRE(::mkfifo(pipe.c_str(), 0644) == 0);
  CHECK(contains(refused(pipe), "is no file"));
  CHECK(contains(refused(folder.path()), "is no file"));
  CHECK(contains(refused(folder.write("long", std::string(70000, '#'))), "is too long"));
  CHECK(contains(refused(folder.write("broken", rule + "allow\n")), ", line 2: it names no user"));

  const std::string open = folder.path() + "/open";
  REQUIRE(::mkdir(open.c_str(), 0755) == 0);
  folder.write("open/file", rule);
  CHECK(load_policy(open + "/file", is_there).ok());
  REQUIRE(::chmod(open.c_str(), 01777) == 0);
  CHECK(contains(refused(open + "/file"), open + " may be written by others"));
  REQUIRE(::chmod(open.c_str(), 0755) == 0);
  REQUIRE(::chown(open.c_str(), 65534, 65534) == 0);
  CHECK(contains(refused(open + "/file"), open + " is not root's"));
  REQUIRE(::symlink(folder.path().c_str(), (folder.path() + "/way").c_str()) == 0);
  CHECK(contains(refused(folder.path() + "/way/good"), "can't be read"));
}
