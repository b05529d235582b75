#include "engine/tap_options.h"

#include <net/if.h>

#include <charconv>

#include "engine/accounts.h"
#include "engine/frame_options.h"

namespace ethercast {

namespace {

// 2^32-1 stands for "nobody" in the kernel.
std::optional<uint32_t> as_number(const std::string& text) noexcept {
  uint32_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, problem] = std::from_chars(text.data(), end, number);
  if (problem != std::errc() || stopped != end || number == UINT32_MAX) return std::nullopt;
  return number;
}

Result<std::optional<uint32_t>> read_account(const Config& config, const std::string& key) {
  if (!config.has(key)) return std::optional<uint32_t>();
  auto text = config.text(key);
  if (!text) return text.error();
  std::optional<uint32_t> number = as_number(text.value());
  if (!number) number = account_number(key == "owner" ? Account::user : Account::group, text.value());
  if (!number) {
    return Error::bad_field(key, key + " " + text.value() + " is no " + (key == "owner" ? "user" : "group") +
                                     " of this host: give a name that getent " +
                                     (key == "owner" ? "passwd" : "group") + " knows, or a number");
  }
  return number;
}

Result<std::string> read_device(const Config& config) {
  auto device = config.text("device");
  if (!device) return device;
  const std::string& name = device.value();
  if (name.empty() || name.size() >= IFNAMSIZ || name == "." || name == ".." ||
      name.find_first_of("/:% \t\n") != std::string::npos || name.find('\0') != std::string::npos) {
    return Error::bad_field("device", "device " + name +
                                          " can't be a device's name: allowed are 1 to 15 octets without "
                                          "'/', ':', '%' or spaces; leave it out for the next free tap");
  }
  return device;
}

}  // namespace

Result<TapOptions> read_tap_options(const Config& config) {
  TapOptions options;
  if (config.has("fd")) {
    auto number = config.integer("fd", 0, INT32_MAX);
    if (!number) return number.error();
    options.wish.inherited = static_cast<int>(number.value());
  }
  if (config.has("device")) {
    auto device = read_device(config);
    if (!device) return device.error();
    options.wish.device = device.value();
  }
  if (config.has("hostIp")) {
    auto text = config.text("hostIp");
    if (!text) return text.error();
    auto address = parse_host_address("hostIp", text.value());
    if (!address) return address.error();
    if (address.value().address.is_multicast() || address.value().address.is_wildcard()) {
      return Error::bad_field("hostIp", "hostIp " + text.value() + " is not one host's address");
    }
    options.host_ip = address.value();
    options.host_ip_text = address.value().address.text() + "/" + std::to_string(address.value().prefix);
  }
  if (const auto word = config.text("mtu"); config.has("mtu") && !(word && word.value() == "auto")) {
    auto mtu = read_mtu(config);
    if (!mtu) return mtu.error();
    options.mtu = mtu.value();
  }
  if (config.has("offload")) {
    auto offload = config.text("offload");
    if (!offload) return offload.error();
    if (offload.value() != "auto" && offload.value() != "off") {
      return Error::bad_field("offload", "offload " + offload.value() + " is unknown: allowed are auto, off");
    }
    options.wish.offload = offload.value() == "auto";
  }
  if (auto read = config.flag_into("persist", options.wish.persist); !read) return read.error();
  auto owner = read_account(config, "owner");
  if (!owner) return owner.error();
  options.wish.owner = owner.value();
  auto group = read_account(config, "group");
  if (!group) return group.error();
  options.wish.group = group.value();
  return options;
}

}  // namespace ethercast
