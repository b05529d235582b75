// The registry, and what the transports say to a configuration; nothing is opened here.
#include <doctest/doctest.h>

#include "test/support/lan.h"

using namespace ethercast;
using namespace ethercast::test;

namespace {

// What is wrong with `config`, after `key` was set to `value`; empty: nothing.
std::string problem(const char* transport, Config base, const char* key, Config::Value value) {
  Config config;
  config.set(key, std::move(value));
  for (const char* name : {"group", "interface", "remote"}) {
    if (base.has(name)) config.set(name, base.text(name).value());
  }
  for (const char* name : {"port", "ttl", "listenPort", "remotePort"}) {
    if (base.has(name)) config.set(name, base.integer(name, 0, 65535).value());
  }
  if (base.has("loop")) config.set("loop", true);
  const auto made = make_port(transport, config);
  return made ? "" : made.error().field;
}

}  // namespace

TEST_CASE("registry: an unknown transport") {
  for (const char* name : {"", "nope", "MCAST", "mcast "}) {
    const auto made = make_port(name, {});
    REQUIRE_FALSE(made.ok());
    CHECK(made.error().field == "transport");
  }
}

TEST_CASE("registry: an empty configuration is refused, not opened") {
  for (const char* name : {"mcast", "ucast"}) CHECK(make_port(name, {}).error().code == Errc::field);
}

TEST_CASE("registry: mcast's fields") {
  const Config good = mcast_config({"239.192.1.2", 1102});
  const auto wrong = [&](const char* key, Config::Value value) {
    return problem("mcast", good, key, std::move(value));
  };
  CHECK(wrong("port", int64_t{1102}).empty());
  CHECK(wrong("port", int64_t{0}) == "port");
  CHECK(wrong("port", int64_t{65536}) == "port");
  CHECK(wrong("port", std::string("1102")) == "port");
  CHECK(wrong("group", std::string("10.0.0.1")) == "group");
  CHECK(wrong("group", std::string("elsewhere")) == "group");
  CHECK(wrong("group", std::string("ff12::1")).empty());
  CHECK(wrong("ttl", int64_t{256}) == "ttl");
  CHECK(wrong("ttl", int64_t{-1}) == "ttl");
  CHECK(wrong("loop", std::string("on")) == "loop");
  CHECK(wrong("source", std::string("::1")) == "source");
  CHECK(wrong("source", std::string("10.0.0.1")).empty());
  CHECK(wrong("buffer", int64_t{4095}) == "buffer");
  CHECK(wrong("buffer", int64_t{1} << 31) == "buffer");
  CHECK(wrong("mtu", int64_t{67}) == "mtu");
  CHECK(wrong("mtu", int64_t{65522}) == "mtu");
  CHECK(wrong("interface", int64_t{1}) == "interface");
}

TEST_CASE("registry: ucast's fields") {
  const Config good = ucast_config("127.0.0.1", 1000, 2000);
  const auto wrong = [&](const char* key, Config::Value value) {
    return problem("ucast", good, key, std::move(value));
  };
  CHECK(wrong("remote", std::string("127.0.0.1")).empty());
  CHECK(wrong("remote", std::string("239.192.1.2")) == "remote");
  CHECK(wrong("remote", std::string("0.0.0.0")) == "remote");
  CHECK(wrong("remote", std::string("::")) == "remote");
  CHECK(wrong("remote", true) == "remote");
  CHECK(wrong("listenPort", int64_t{0}) == "listenPort");
  CHECK(wrong("remotePort", int64_t{70000}) == "remotePort");
}

TEST_CASE("registry: tuntap's fields") {
  const auto wrong = [](const char* key, Config::Value value) {
    return problem("tuntap", {}, key, std::move(value));
  };
  CHECK(make_port("tuntap", {}).ok());
  CHECK(wrong("device", std::string("tap0")).empty());
  for (const char* name : {"", ".", "..", "a/b", "a b", "tap%d", "a:b", "sixteen_octets_x"}) {
    CHECK(wrong("device", std::string(name)) == "device");
  }
  CHECK(wrong("hostIp", std::string("198.18.0.1/24")).empty());
  for (const char* text :
       {"", "198.18.0.1/", "198.18.0.1/33", "198.18.0.1/x", "::1/129", "239.1.1.1", "0.0.0.0"}) {
    CAPTURE(text);
    CHECK(wrong("hostIp", std::string(text)) == "hostIp");
  }
  CHECK(wrong("mtu", std::string("auto")).empty());
  CHECK(wrong("mtu", std::string("off")) == "mtu");
  CHECK(wrong("mtu", int64_t{67}) == "mtu");
  CHECK(wrong("mtu", int64_t{65522}) == "mtu");
  CHECK(wrong("offload", std::string("on")) == "offload");
  CHECK(wrong("persist", std::string("on")) == "persist");
  CHECK(wrong("owner", std::string("root")).empty());
  CHECK(wrong("owner", std::string("1000")).empty());
  CHECK(wrong("owner", std::string("4294967295")) == "owner");
  CHECK(wrong("owner", std::string("no such user")) == "owner");
  CHECK(wrong("group", std::string("no such group")) == "group");
}

TEST_CASE("registry: the mtu bounds the longest frame, with room for a header and a tag") {
  Config config = mcast_config({"239.192.1.2", 1102});
  CHECK(make_port("mcast", config).value()->caps().max_frame == 65507);
  config.set("mtu", int64_t{1500});
  CHECK(make_port("mcast", config).value()->caps().max_frame == 1518);
  Config largest = mcast_config({"239.192.1.2", 1102});
  largest.set("mtu", int64_t{65521});
  CHECK(make_port("mcast", largest).value()->caps().max_frame == 65507);
}
