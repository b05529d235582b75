// uml_net's command lines, in all versions; nothing is opened here.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "helper/arguments.h"
#include "helper/control.h"

using namespace ethercast;
using namespace ethercast::helper;

namespace {

Parsed parse(const std::vector<const char*>& words) {
  std::vector<const char*> argv{"uml_net"};
  argv.insert(argv.end(), words.begin(), words.end());
  return parse_arguments(argv);
}

// What is wrong; empty: nothing.
std::string problem(const std::vector<const char*>& words) {
  const Parsed parsed = parse(words);
  return parsed.request ? "" : parsed.request.error().message;
}

bool says(const std::vector<const char*>& words, const char* what) {
  const std::string text = problem(words);
  CAPTURE(text);
  CHECK(text.starts_with("uml_net: "));
  return text.find(what) != std::string::npos;
}

}  // namespace

TEST_CASE("helper arguments: version 4, as today's kernels call") {
  Parsed tuntap = parse({"4", "tuntap", "up", "198.18.0.1"});
  REQUIRE(tuntap.request.ok());
  CHECK(tuntap.request.value().verb == Verb::tuntap_up);
  CHECK(tuntap.answer == Answer::datagram);
  CHECK(tuntap.answer_fd == 1);
  CHECK(tuntap.request.value().gate == Ipv4{198, 18, 0, 1});

  Parsed ethertap = parse({"4", "ethertap", "tap0", "12", "198.18.0.1"});
  REQUIRE(ethertap.request.ok());
  CHECK(ethertap.request.value().verb == Verb::ethertap);
  CHECK(ethertap.answer == Answer::status);
  CHECK(ethertap.control_text);
  CHECK(ethertap.request.value().device == "tap0");
  CHECK(ethertap.request.value().data_fd == 12);
  CHECK(ethertap.request.value().change_octets == ControlDecoder::kWithMask);
  CHECK_FALSE(parse({"4", "ethertap", "tap0", "12"}).request.value().gate.has_value());

  Parsed up = parse({"4", "slip", "up", "198.18.0.1"});
  CHECK(up.request.value().verb == Verb::slip_up);
  CHECK(up.request.value().data_fd == 0);
  CHECK(up.answer == Answer::prefixed);
  CHECK(parse({"4", "slip", "down", "anything at all"}).request.value().verb == Verb::slip_down);

  for (const auto& [word, verb] : {std::pair{"add", Verb::add_address}, {"del", Verb::delete_address}}) {
    for (const auto& parsed : {parse({"4", word, "tap0", "198.18.0.2", "255.255.255.0"}),
                               parse({"4", "tuntap", word, "tap0", "198.18.0.2", "255.255.255.0"})}) {
      REQUIRE(parsed.request.ok());
      CHECK(parsed.request.value().verb == verb);
      CHECK(parsed.answer == Answer::prefixed);
      CHECK(parsed.request.value().guest == Ipv4{198, 18, 0, 2});
      CHECK(parsed.request.value().mask == Ipv4{255, 255, 255, 0});
    }
  }
  CHECK(parse({"4", "tuntap", "up", ""}).request.ok());  // no address
}

TEST_CASE("helper arguments: older versions") {
  // Without a version: 0.
  for (const auto& zero : {parse({"ethertap", "tap0", "5", "198.18.0.1", "198.18.0.2"}),
                           parse({"0", "ethertap", "tap0", "5", "198.18.0.1", "198.18.0.2"})}) {
    REQUIRE(zero.request.ok());
    CHECK(zero.answer == Answer::text);
    CHECK(zero.request.value().change_octets == 0);
    CHECK(zero.request.value().guest == Ipv4{198, 18, 0, 2});
  }
  for (const char* version : {"1", "2"}) {
    Parsed parsed = parse({version, "ethertap", "tap0", "5", "6", "198.18.0.1"});
    REQUIRE(parsed.request.ok());
    CHECK(parsed.answer == Answer::status);
    CHECK_FALSE(parsed.control_text);
    CHECK(parsed.answer_fd == 6);
    CHECK(parsed.request.value().change_octets == ControlDecoder::kWithoutMask);
  }
  Parsed three = parse({"3", "ethertap", "tap0", "5", "198.18.0.1"});
  CHECK(three.control_text);
  CHECK(three.request.value().change_octets == ControlDecoder::kWithoutMask);

  Parsed two = parse({"2", "tuntap", "up", "x", "7", "198.18.0.1"});
  CHECK(two.request.value().verb == Verb::tuntap_up);
  CHECK(two.answer_fd == 7);
  CHECK(parse({"3", "tuntap", "up", "x", "198.18.0.1"}).answer_fd == 1);
  Parsed add = parse({"3", "tuntap", "add", "tap0", "198.18.0.2"});
  CHECK(add.request.value().verb == Verb::add_address);
  CHECK_FALSE(add.request.value().mask.has_value());
  CHECK(parse({"2", "tuntap", "del", "tap0", "198.18.0.2"}).answer == Answer::text);

  for (const char* version : {"0", "1", "2", "3"}) {
    Parsed slip = parse({version, "slip", "up", "9", "198.18.0.1", "198.18.0.2"});
    REQUIRE(slip.request.ok());
    CHECK(slip.request.value().data_fd == 9);
    CHECK((slip.answer == Answer::prefixed) == (*version == '3'));
    CHECK(parse({version, "slip", "down", "9", "198.18.0.2"}).request.ok());
  }
}

TEST_CASE("helper arguments: versions and transports that there are none of") {
  for (const char* version : {"5", "-1", "4x", "0x", "0x5", "99999999999999999999", "+4", "4 "}) {
    CAPTURE(version);
    CHECK(says({version, "tuntap", "up", "198.18.0.1"}, "allowed are 0 to 4"));
    // A kernel that is told nothing here would wait for ever.
    CHECK(parse({version, "tuntap", "up", "198.18.0.1"}).answer == Answer::datagram);
    CHECK(parse({version, "ethertap", "tap0", "3"}).answer == Answer::status);
    CHECK(parse({version, "add", "tap0"}).answer == Answer::prefixed);
  }
  for (const char* version : {"0x4", "04"}) CHECK(problem({version, "tuntap", "up", "198.18.0.1"}).empty());
  CHECK(says({}, "UML starts it by itself"));
  CHECK(says({"4"}, "too few arguments"));
  CHECK(says({"text"}, "transport 'text' is unknown"));
  CHECK(says({"", "tuntap"}, "transport '' is unknown"));
  CHECK(says({"4", "slirp", "up"}, "transport 'slirp' is unknown"));
  CHECK(says({"1", "tuntap", "up", "x", "198.18.0.1"}, "tuntap came with 2"));
  CHECK(says({"3", "add", "tap0", "198.18.0.2", "255.0.0.0"}, "add and del came with 4"));
  CHECK(says({"4", "tuntap", "UP", "198.18.0.1"}, "no operation 'UP'"));
  CHECK(says({"4", "tuntap"}, "what?"));
  CHECK(parse_arguments({}).answer == Answer::text);
  const char* const none[] = {nullptr};
  CHECK_FALSE(parse_arguments(none).request.ok());
}

TEST_CASE("helper arguments: too few, too many") {
  CHECK(says({"4", "tuntap", "up"}, "uml_net 4 tuntap up GATE"));
  CHECK(says({"4", "tuntap", "up", "198.18.0.1", "x"}, "too many"));
  CHECK(says({"4", "ethertap", "tap0"}, "ethertap DEVICE DATA_FD [GATE]"));
  CHECK(says({"4", "ethertap", "tap0", "3", "198.18.0.1", "x"}, "too many"));
  CHECK(says({"4", "slip", "up"}, "slip up GATE"));
  CHECK(says({"4", "add", "tap0", "198.18.0.2"}, "add DEVICE ADDRESS MASK"));
  CHECK(says({"4", "del", "tap0", "198.18.0.2", "255.0.0.0", "x"}, "too many"));
  std::vector<const char*> many(200, "x");
  many[0] = "4";
  many[1] = "tuntap";
  many[2] = "up";
  CHECK(says(many, "too many"));
  // Where it would have to answer is missing as well: people are told.
  CHECK(parse({"2", "tuntap", "up", "x"}).answer == Answer::text);
  CHECK(parse({"1", "ethertap", "tap0", "3", "six"}).answer == Answer::text);
  CHECK(parse({"1", "ethertap", "tap0", "three", "6"}).answer_fd == 6);
}

TEST_CASE("helper arguments: names of devices") {
  const auto name = [](const char* text) { return problem({"4", "ethertap", text, "3"}); };
  for (const char* good : {"tap0", "t", "tap_0", "br-0.5", "0", "fifteen_octets_"}) CHECK(name(good).empty());
  for (const char* bad : {"", "..", ".", "-x", "a/b", "../../etc", "tap%d", "a b", "a:b", "sixteen_octets_x",
                          "tap0\n", "t\xc3\xa4p", "$(id)", "tap0;id"}) {
    CAPTURE(bad);
    CHECK(name(bad).find("is no name of a device") != std::string::npos);
  }
  const std::string longest(1 << 16, 'a');
  CHECK(name(longest.c_str()).size() < 300);
  CHECK(name("a\x1b[31m").find('\x1b') == std::string::npos);
}

TEST_CASE("helper arguments: descriptors, addresses and masks") {
  for (const char* bad : {"", "-1", "3x", "0x3", "1048577", "99999999999", " 3", "three"}) {
    CAPTURE(bad);
    CHECK(says({"4", "ethertap", "tap0", bad}, "no number of a descriptor"));
  }
  for (const char* bad : {"198.18.0", "198.18.0.256", "198.18.0.1.2", "198.18..1", "198.18.0.01", "::1",
                          "host", "198.18.0.1 ", "-198.18.0.1", "1981801", ".198.18.0.1", "198.18.0.1."}) {
    CAPTURE(bad);
    CHECK(says({"4", "add", "tap0", bad, "255.255.255.0"}, "is no IPv4 address"));
    CHECK(says({"4", "tuntap", "up", bad}, "is no IPv4 address"));
  }
  for (const char* bad : {"0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.1", "255.255.255.255", "240.0.0.1"}) {
    CAPTURE(bad);
    CHECK(says({"4", "add", "tap0", bad, "255.255.255.0"}, "is not one host's"));
    CHECK(says({"4", "slip", "up", bad}, "is not one host's"));
  }
  CHECK(says({"4", "add", "tap0", "", "255.255.255.0"}, "is no IPv4 address"));
  for (const char* good : {"0.0.0.0", "128.0.0.0", "255.255.254.0", "255.255.255.255"}) {
    CHECK(problem({"4", "add", "tap0", "198.18.0.2", good}).empty());
  }
  for (const char* bad : {"255.0.255.0", "0.0.0.255", "255.255.255.1", "24", "", "255.255.255"}) {
    CHECK(says({"4", "add", "tap0", "198.18.0.2", bad}, "netmask"));
  }
}

TEST_CASE("helper control: messages in pieces of any size") {
  const std::vector<uint8_t> added{0, 0, 0, 0, 198, 18, 0, 2, 255, 255, 255, 0};
  const std::vector<uint8_t> gone{1, 0, 0, 0, 198, 18, 0, 3, 255, 255, 0, 0};
  for (const size_t piece : {1, 5, 12, 24}) {
    std::vector<uint8_t> stream(added);
    stream.insert(stream.end(), gone.begin(), gone.end());
    ControlDecoder decoder(ControlDecoder::kWithMask);
    std::vector<AddressChange> changes;
    for (size_t at = 0; at < stream.size(); at += piece) {
      std::span<const uint8_t> left(stream.data() + at, std::min(piece, stream.size() - at));
      while (const auto message = decoder.next(left)) changes.push_back(message->value());
      CHECK(left.empty());
    }
    REQUIRE(changes.size() == 2);
    CHECK((changes[0].added && !changes[1].added));
    CHECK(changes[0].guest == Ipv4{198, 18, 0, 2});
    CHECK(changes[1].mask == Ipv4{255, 255, 0, 0});
  }
}

TEST_CASE("helper control: older messages have no mask, bad ones are told and passed") {
  ControlDecoder decoder(ControlDecoder::kWithoutMask);
  const std::vector<uint8_t> stream{7,   0, 0, 0, 198, 18, 0, 2, 0,   0,  0, 0,
                                    224, 0, 0, 1, 0,   0,  0, 0, 198, 18, 0, 2};
  std::span<const uint8_t> left(stream);
  CHECK(decoder.next(left)->error().message.find("kind 7") != std::string::npos);
  CHECK(decoder.next(left)->error().message.find("224.0.0.1") != std::string::npos);
  const auto good = decoder.next(left);
  REQUIRE(good->ok());
  CHECK_FALSE(good->value().mask.has_value());
  CHECK_FALSE(decoder.next(left).has_value());

  ControlDecoder masked(ControlDecoder::kWithMask);
  const std::vector<uint8_t> holes{0, 0, 0, 0, 198, 18, 0, 2, 255, 0, 255, 0};
  left = holes;
  CHECK(masked.next(left)->error().message.find("holes") != std::string::npos);
}
