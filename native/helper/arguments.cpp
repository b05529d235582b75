#include "helper/arguments.h"

#include <array>
#include <charconv>
#include <string_view>
#include <vector>

#include "helper/control.h"
#include "helper/words.h"

namespace ethercast::helper {

namespace {

using Words = std::span<const std::string_view>;

// No command line of uml_net has more words than this; more are not even looked at.
constexpr size_t kMostWords = 16;
// Descriptors are counted up to here: more than any limit that a system sets by itself.
constexpr int kMostFd = 1 << 20;

Error refused(std::string message) { return Error::of(Errc::field, "uml_net: " + std::move(message)); }

// ---- arguments one by one

Result<std::string> read_device(std::string_view text) {
  if (is_device_name(text)) return std::string(text);
  return refused("device " + shown(text) +
                 " is no name of a device: allowed are 1 to 15 letters, digits, '_', '-' and '.', beginning "
                 "with a letter, a digit or '_'");
}

Result<int> read_fd(std::string_view text, const char* what) {
  int fd = -1;
  const char* const end = text.data() + text.size();
  const auto [stopped, problem] = std::from_chars(text.data(), end, fd);
  if (problem == std::errc() && stopped == end && fd >= 0 && fd <= kMostFd) return fd;
  return refused(std::string(what) + " " + shown(text) + " is no number of a descriptor: allowed are 0 to " +
                 std::to_string(kMostFd));
}

Result<Ipv4> read_host(std::string_view text, const char* what) {
  const auto address = parse_ipv4(text);
  if (address && is_host(*address)) return *address;
  return refused(std::string(what) + " " + shown(text) +
                 (address ? " is not one host's: neither 0/8, 127/8 nor 224.0.0.0 and above is allowed"
                          : " is no IPv4 address: allowed are four numbers, 0 to 255, with dots between"));
}

Result<Ipv4> read_mask(std::string_view text) {
  const auto mask = parse_ipv4(text);
  if (mask && is_mask(*mask)) return *mask;
  return refused("netmask " + shown(text) +
                 " is none: allowed are ones, then zeros, in four numbers, as in 255.255.255.0");
}

// ---- command lines

// A kind of word in a command line.
enum class Slot : uint8_t {
  ignored,  // older kernels sent something there that nobody needs
  device,
  data_fd,  // ethertap's data, slip's terminal
  answer_fd,
  gate,  // may be empty: no address for this host
  guest,
  mask,
};

constexpr size_t kMostSlots = 4;

struct Form {
  const char* transport;
  const char* operation;  // the word behind it, or null: there is none
  unsigned first, last;   // versions
  Verb verb;
  Answer answer;
  size_t least, most;  // words behind the operation; what may be left out stands last
  std::array<Slot, kMostSlots> slots;
  const char* usage;
};

using enum Slot;
using enum Verb;

// In version 0 ethertap has no control channel; up to 2 nothing but a status is told to the kernel.
constexpr Form kForms[] = {
    {"ethertap",
     nullptr,
     0,
     0,
     ethertap,
     Answer::text,
     2,
     4,
     {device, data_fd, gate, guest},
     "ethertap DEVICE DATA_FD [GATE REMOTE]"},
    {"ethertap",
     nullptr,
     1,
     2,
     ethertap,
     Answer::status,
     3,
     4,
     {device, data_fd, answer_fd, gate},
     "ethertap DEVICE DATA_FD CONTROL_FD [GATE]"},
    {"ethertap",
     nullptr,
     3,
     4,
     ethertap,
     Answer::status,
     2,
     3,
     {device, data_fd, gate},
     "ethertap DEVICE DATA_FD [GATE]"},
    {"slip", "up", 0, 2, slip_up, Answer::text, 3, 3, {data_fd, gate, guest}, "slip up FD GATE REMOTE"},
    {"slip", "up", 3, 3, slip_up, Answer::prefixed, 3, 3, {data_fd, gate, guest}, "slip up FD GATE REMOTE"},
    {"slip", "up", 4, 4, slip_up, Answer::prefixed, 1, 1, {gate}, "slip up GATE"},
    {"slip", "down", 0, 2, slip_down, Answer::text, 2, 2, {data_fd, guest}, "slip down FD REMOTE"},
    {"slip", "down", 3, 3, slip_down, Answer::prefixed, 2, 2, {data_fd, guest}, "slip down FD REMOTE"},
    // The name is not believed: the terminal on descriptor 0 says which device it is.
    {"slip", "down", 4, 4, slip_down, Answer::prefixed, 1, 1, {ignored}, "slip down NAME"},
    {"tuntap",
     "up",
     2,
     2,
     tuntap_up,
     Answer::datagram,
     3,
     3,
     {ignored, answer_fd, gate},
     "tuntap up WORD SOCKET_FD GATE"},
    {"tuntap", "up", 3, 3, tuntap_up, Answer::datagram, 2, 2, {ignored, gate}, "tuntap up WORD GATE"},
    {"tuntap",
     "up",
     4,
     4,
     tuntap_up,
     Answer::datagram,
     1,
     1,
     {gate},
     "tuntap up GATE (the guest's eth0=tuntap,,,GATE gives it)"},
    {"tuntap", "add", 2, 2, add_address, Answer::text, 2, 2, {device, guest}, "tuntap add DEVICE ADDRESS"},
    {"tuntap", "del", 2, 2, delete_address, Answer::text, 2, 2, {device, guest}, "tuntap del DEVICE ADDRESS"},
    {"tuntap",
     "add",
     3,
     3,
     add_address,
     Answer::prefixed,
     2,
     2,
     {device, guest},
     "tuntap add DEVICE ADDRESS"},
    {"tuntap",
     "del",
     3,
     3,
     delete_address,
     Answer::prefixed,
     2,
     2,
     {device, guest},
     "tuntap del DEVICE ADDRESS"},
    {"tuntap",
     "add",
     4,
     4,
     add_address,
     Answer::prefixed,
     3,
     3,
     {device, guest, mask},
     "tuntap add DEVICE ADDRESS MASK"},
    {"tuntap",
     "del",
     4,
     4,
     delete_address,
     Answer::prefixed,
     3,
     3,
     {device, guest, mask},
     "tuntap del DEVICE ADDRESS MASK"},
    {"add",
     nullptr,
     4,
     4,
     add_address,
     Answer::prefixed,
     3,
     3,
     {device, guest, mask},
     "add DEVICE ADDRESS MASK"},
    {"del",
     nullptr,
     4,
     4,
     delete_address,
     Answer::prefixed,
     3,
     3,
     {device, guest, mask},
     "del DEVICE ADDRESS MASK"},
};

Result<> fill(const Form& form, Slot slot, std::string_view word, Parsed& parsed, Request& request) {
  switch (slot) {
    case ignored:
      return {};
    case device: {
      auto device = read_device(word);
      if (!device) return device.error();
      request.device = std::move(device.value());
      return {};
    }
    case data_fd: {
      auto fd = read_fd(word, form.verb == ethertap ? "the descriptor for frames" : "the terminal");
      if (!fd) return fd.error();
      request.data_fd = fd.value();
      return {};
    }
    case answer_fd: {
      auto fd = read_fd(word, "the descriptor for answers");
      if (!fd) {
        parsed.answer = Answer::text;  // there is nowhere else left
        return fd.error();
      }
      parsed.answer_fd = fd.value();
      return {};
    }
    case gate: {
      if (word.empty()) return {};
      auto gate = read_host(word, "the host's address");
      if (!gate) return gate.error();
      request.gate = gate.value();
      return {};
    }
    case guest: {
      auto guest = read_host(word, "the guest's address");
      if (!guest) return guest.error();
      request.guest = guest.value();
      return {};
    }
    case mask: {
      auto mask = read_mask(word);
      if (!mask) return mask.error();
      request.mask = mask.value();
      return {};
    }
  }
  return {};
}

Result<Request> read_form(const Form& form, unsigned version, Words words, Parsed& parsed) {
  Request request;
  request.verb = form.verb;
  // Where to answer comes first: the other words' faults are told there.
  for (size_t i = 0; i < form.most; ++i) {
    if (form.slots[i] != answer_fd) continue;
    if (i >= words.size()) {
      parsed.answer = Answer::text;
    } else if (auto filled = fill(form, answer_fd, words[i], parsed, request); !filled) {
      return filled.error();
    }
  }
  if (words.size() < form.least || words.size() > form.most) {
    return refused(std::string(words.size() < form.least ? "too few" : "too many") +
                   " arguments: in version " + std::to_string(version) + " it is uml_net " +
                   std::to_string(version) + " " + form.usage);
  }
  for (size_t i = 0; i < words.size(); ++i) {
    if (auto filled = fill(form, form.slots[i], words[i], parsed, request); !filled) return filled.error();
  }
  if (form.verb == ethertap && form.answer == Answer::status) {
    request.change_octets = version < 4 ? ControlDecoder::kWithoutMask : ControlDecoder::kWithMask;
  }
  if ((form.verb == slip_up || form.verb == slip_down) && version == 4) request.data_fd = 0;
  return request;
}

// What the kernel waits for, should the command line be wrong: a tuntap device hangs for ever if no datagram
// comes.
Answer usual_answer(std::string_view transport, std::string_view operation) {
  if (transport == "tuntap" && operation == "up") return Answer::datagram;
  if (transport == "ethertap") return Answer::status;
  for (const char* known : {"tuntap", "slip", "add", "del"}) {
    if (transport == known) return Answer::prefixed;
  }
  return Answer::text;
}

// The first word, if it is to be a version: it begins like a number.
bool is_version(std::string_view word) noexcept {
  return !word.empty() && ((word[0] >= '0' && word[0] <= '9') || word[0] == '-' || word[0] == '+');
}

std::optional<unsigned> read_version(std::string_view word) noexcept {
  const bool hex = word.starts_with("0x");
  if (hex) word.remove_prefix(2);
  unsigned version = 0;
  const char* const end = word.data() + word.size();
  const auto [stopped, problem] = std::from_chars(word.data(), end, version, hex ? 16 : 10);
  if (problem != std::errc() || stopped != end || version > kNewestVersion) return std::nullopt;
  return version;
}

Result<Request> read_words(Words words, Parsed& parsed) {
  const char* const help =
      "UML starts it by itself, for eth0=tuntap,,,GATE, eth0=ethertap,DEVICE,,GATE and eth0=slip,GATE";
  if (words.empty()) return refused(std::string("nothing to do: ") + help);
  std::optional<unsigned> version = 0;
  const std::string_view first = words[0];
  const bool has_version = is_version(first);
  if (has_version) {
    version = read_version(first);
    words = words.subspan(1);
  }
  const std::string_view transport = words.empty() ? std::string_view() : words[0];
  const std::string_view operation = words.size() < 2 ? std::string_view() : words[1];
  parsed.answer = usual_answer(transport, operation);
  if (!version) {
    return refused("version " + shown(first) + " is not spoken here: allowed are 0 to " +
                   std::to_string(kNewestVersion));
  }
  if (words.empty()) return refused(std::string("too few arguments: ") + help);

  bool known_transport = false, known_version = false;
  for (const Form& form : kForms) {
    if (transport != form.transport) continue;
    known_transport = true;
    if (*version < form.first || *version > form.last) continue;
    known_version = true;
    if (form.operation != nullptr && operation != form.operation) continue;
    parsed.answer = form.answer;
    parsed.control_text = *version >= 3;
    return read_form(form, *version, words.subspan(form.operation == nullptr ? 1 : 2), parsed);
  }
  if (!known_transport) {
    return refused("transport " + shown(transport) +
                   " is unknown: allowed are ethertap, slip, tuntap, add and del");
  }
  if (!known_version) {
    return refused("there is no " + shown(transport) + " in version " + std::to_string(*version) +
                   " of the protocol: tuntap came with 2, add and del came with 4");
  }
  if (operation.empty()) return refused("too few arguments: " + shown(transport) + " what?");
  return refused(shown(transport) + " has no operation " + shown(operation) + ": allowed are up and " +
                 (transport == "slip" ? "down" : "add, del"));
}

}  // namespace

Parsed parse_arguments(std::span<const char* const> argv) {
  Parsed parsed;
  std::vector<std::string_view> words;
  for (size_t i = 1; i < argv.size() && i <= kMostWords && argv[i] != nullptr; ++i)
    words.emplace_back(argv[i]);
  parsed.request = read_words(words, parsed);
  return parsed;
}

}  // namespace ethercast::helper
