// uml_net's command line: words of any octets. Whatever comes out is within bounds, and there is always a way
// to answer.
#include <string>
#include <vector>

#include "fuzz/input.h"
#include "helper/arguments.h"
#include "helper/control.h"
#include "helper/log.h"

using namespace ethercast::helper;

namespace {

void check_request(const Parsed& parsed) {
  const Request& request = parsed.request.value();
  ETHERCAST_MUST(request.data_fd >= -1 && request.data_fd <= 1 << 20);
  ETHERCAST_MUST(request.device.size() < 16);
  for (const char each : request.device)
    ETHERCAST_MUST(each > ' ' && each <= 'z' && each != '/' && each != '%');
  ETHERCAST_MUST(!request.gate || is_host(*request.gate));
  ETHERCAST_MUST(!request.guest || is_host(*request.guest));
  ETHERCAST_MUST(!request.mask || is_mask(*request.mask));
  switch (request.verb) {
    case Verb::ethertap:
      ETHERCAST_MUST(!request.device.empty() && request.data_fd >= 0);
      ETHERCAST_MUST((parsed.answer == Answer::status) == (request.change_octets != 0));
      ETHERCAST_MUST(request.change_octets <= ControlDecoder::kWithMask);
      break;
    case Verb::slip_up:
    case Verb::slip_down:
      ETHERCAST_MUST(request.data_fd >= 0);
      break;
    case Verb::tuntap_up:
      ETHERCAST_MUST(parsed.answer == Answer::datagram);
      break;
    case Verb::add_address:
    case Verb::delete_address:
      ETHERCAST_MUST(!request.device.empty() && request.guest.has_value());
      break;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // Words end at NULs, as in /proc/PID/cmdline.
  std::vector<std::string> words(1);
  for (size_t i = 0; i < size; ++i) {
    if (data[i] != 0) {
      words.back() += static_cast<char>(data[i]);
    } else {
      words.emplace_back();
    }
  }
  std::vector<const char*> argv;
  for (const std::string& word : words) argv.push_back(word.c_str());
  const Parsed parsed = parse_arguments(argv);
  ETHERCAST_MUST(parsed.answer_fd >= 0 && parsed.answer_fd <= 1 << 20);
  if (parsed.request) {
    check_request(parsed);
  } else {
    const std::string& text = parsed.request.error().message;
    ETHERCAST_MUST(text.starts_with("uml_net: ") && text.size() < 500);
    Log log;
    for (int i = 0; i < 20; ++i) log.say(text);
    ETHERCAST_MUST(log.text().size() <= Log::kMost);
  }
  return 0;
}
