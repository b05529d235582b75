// switch_load: frames of 64 octets through a switch, from one station to another, both of them this program.
//
//   switch_load SENDER RECEIVER [--offload] [--cpus SENDER_CPU,RECEIVER_CPU]
//
// What an end is stands in end.h. Prints `ready`, then reads a trial a line from
// stdin, `RATE MS` (rate 0: as many as go), and answers each with one JSON object a line. Ends with stdin.
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <cinttypes>
#include <string>
#include <thread>

#include "end.h"
#include "fail.h"
#include "probe.h"
#include "receiver.h"
#include "sender.h"

namespace {

using namespace ethercast::load;

// Frames of one trial at most: what a bitmap of 8 MiB tells apart.
constexpr uint64_t kMostFrames = 64ULL << 20;
constexpr uint64_t kLongest_ms = 60'000;
// Hellos go out this often until both have heard one another, and so many times at most.
constexpr int kHelloEvery_ms = 50;
constexpr int kMostHellos = 100;
constexpr size_t kSwallowed = 100'000;

struct Arguments {
  std::string sender, receiver;
  bool offload = false;
  int sender_cpu = -1, receiver_cpu = -1;
};

Arguments read_arguments(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string text = argv[i];
    if (text == "--offload") {
      arguments.offload = true;
    } else if (text == "--cpus" && i + 1 < argc) {
      if (std::sscanf(argv[++i], "%d,%d", &arguments.sender_cpu, &arguments.receiver_cpu) != 2) {
        fail("--cpus takes two numbers, as in 0,2", 0);
      }
    } else {
      (arguments.sender.empty() ? arguments.sender : arguments.receiver) = text;
    }
  }
  if (arguments.receiver.empty()) {
    std::fputs("usage: switch_load SENDER RECEIVER [--offload] [--cpus SENDER_CPU,RECEIVER_CPU]\n", stderr);
    std::exit(2);
  }
  return arguments;
}

// The calling thread runs on this processor alone; -1: wherever it likes.
void stay_on(int cpu) {
  if (cpu < 0) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) fail("sched_setaffinity");
}

bool hears(const End& end, const Station& from, uint32_t trial) {
  pollfd ready = {end.in(), POLLIN, 0};
  uint8_t frame[2048];
  while (poll(&ready, 1, kHelloEvery_ms) > 0) {
    const ssize_t octets = end.receive(frame, sizeof frame);
    if (octets < static_cast<ssize_t>(kProbeOctets) || !is_probe(frame, static_cast<size_t>(octets), from)) {
      continue;
    }
    Probe probe;
    std::memcpy(&probe, frame, sizeof probe);
    if (probe.trial == trial && probe.number == kHello) return true;
  }
  return false;
}

void say_hello(const End& end, const Station& to, const Station& from, uint32_t trial) {
  const Probe hello = make_probe(to, from, trial, kHello);
  end.send(reinterpret_cast<const uint8_t*>(&hello), sizeof hello);
}

// Both stations are heard through the switch, so it has learned them; then nothing is left on the way.
void make_known(End& sender, End& receiver, uint32_t trial) {
  sender.listen();
  int tries = 0;
  do {
    if (++tries > kMostHellos) fail("the switch carries nothing from the receiver to the sender", 0);
    say_hello(receiver, kSenderMac, kReceiverMac, trial);
  } while (!hears(sender, kReceiverMac, trial));
  sender.stop_listening();
  do {
    if (++tries > kMostHellos) fail("the switch carries nothing from the sender to the receiver", 0);
    say_hello(sender, kReceiverMac, kSenderMac, trial);
  } while (!hears(receiver, kSenderMac, trial));
  uint8_t frame[2048];
  for (size_t i = 0; i < kSwallowed && receiver.receive(frame, sizeof frame) >= 0; ++i) {
  }
}

void run_trial(End& sender, End& receiver, const Arguments& arguments, const Order& order) {
  make_known(sender, receiver, order.trial);
  Receiver counter(receiver, order.trial, kMostFrames, arguments.offload);
  std::thread reader([&] {
    stay_on(arguments.receiver_cpu);
    counter.run();
  });
  const Sent sent = send_probes(sender, order, arguments.offload);
  counter.finish_mt(sent.frames);
  reader.join();
  const Received& got = counter.received();
  const uint64_t end_ns = got.last_ns > sent.end_ns ? got.last_ns : sent.end_ns;
  std::printf("{\"rate\":%" PRIu64 ",\"sent\":%" PRIu64 ",\"refused\":%" PRIu64 ",\"received\":%" PRIu64
              ",\"duplicates\":%" PRIu64 ",\"reordered\":%" PRIu64 ",\"strays\":%" PRIu64
              ",\"reads\":%" PRIu64 ",\"sendNs\":%" PRIu64 ",\"ns\":%" PRIu64 "}\n",
              order.rate, sent.frames, sent.refused, got.frames, got.duplicates, got.reordered, got.strays,
              got.reads, sent.end_ns - sent.begin_ns, end_ns - sent.begin_ns);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const Arguments arguments = read_arguments(argc, argv);
  prctl(PR_SET_TIMERSLACK, 1UL);
  stay_on(arguments.sender_cpu);
  End sender = End::open(arguments.sender, false);
  End receiver = End::open(arguments.receiver, true);
  std::puts("ready");
  std::fflush(stdout);
  uint64_t rate;
  uint64_t ms;
  for (uint32_t trial = 1; std::scanf("%" SCNu64 " %" SCNu64, &rate, &ms) == 2; ++trial) {
    if (ms == 0 || ms > kLongest_ms) fail("a trial lasts 1 to 60000 ms", 0);
    run_trial(sender, receiver, arguments, {trial, rate, ms * 1'000'000, kMostFrames});
  }
  return 0;
}
