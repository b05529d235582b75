#include "engine/capture_filter.h"

#include <dlfcn.h>
#include <netinet/in.h>
#include <resolv.h>

#include <mutex>

namespace ethercast {

namespace {

// The part of pcap.h that is used, as pcap(3PCAP) describes it; the same in every libpcap since 1.0.
struct PcapProgram {
  unsigned int length;
  sock_filter* instructions;  // its struct bpf_insn is the kernel's struct sock_filter
};
struct Pcap;
constexpr int kErrorText = 256;                   // PCAP_ERRBUF_SIZE
constexpr int kInterfaceDown = -9;                // PCAP_ERROR_IFACE_NOT_UP
constexpr int kEthernet = 1;                      // DLT_EN10MB
constexpr int kWholePackets = 262144;             // what an accepting program returns: MAXIMUM_SNAPLEN
constexpr uint32_t kNetmaskUnknown = 0xffffffff;  // PCAP_NETMASK_UNKNOWN
constexpr int kSmallestRing = 65536;              // octets; nothing is ever read from it

struct Library {
  const char* (*lib_version)();
  Pcap* (*create)(const char* device, char* error);
  Pcap* (*open_dead)(int link_type, int snaplen);
  int (*set_snaplen)(Pcap*, int);
  int (*set_buffer_size)(Pcap*, int);
  int (*activate)(Pcap*);
  int (*lookupnet)(const char* device, uint32_t* net, uint32_t* mask, char* error);
  int (*compile)(Pcap*, PcapProgram*, const char* text, int optimize, uint32_t netmask);
  void (*freecode)(PcapProgram*);
  char* (*geterr)(Pcap*);
  const char* (*statustostr)(int);
  void (*close)(Pcap*);
};

// Debian's name of it, and everybody else's.
constexpr const char* kNames[] = {"libpcap.so.0.8", "libpcap.so.1", "libpcap.so"};

template <typename Function>
bool find(void* library, const char* name, Function*& function) noexcept {
  function = reinterpret_cast<Function*>(dlsym(library, name));
  return function != nullptr;
}

bool find_all(void* library, Library& found) noexcept {
  return find(library, "pcap_lib_version", found.lib_version) && find(library, "pcap_create", found.create) &&
         find(library, "pcap_open_dead", found.open_dead) &&
         find(library, "pcap_set_snaplen", found.set_snaplen) &&
         find(library, "pcap_set_buffer_size", found.set_buffer_size) &&
         find(library, "pcap_activate", found.activate) && find(library, "pcap_lookupnet", found.lookupnet) &&
         find(library, "pcap_compile", found.compile) && find(library, "pcap_freecode", found.freecode) &&
         find(library, "pcap_geterr", found.geterr) && find(library, "pcap_statustostr", found.statustostr) &&
         find(library, "pcap_close", found.close);
}

// Never unloaded: what it holds is the process's. Guards loading, and compiling too, which is not safe on two
// threads at once before libpcap 1.8.
std::mutex mutex;
Library loaded;
bool is_loaded = false;

Result<> load() {
  if (is_loaded) return {};
  for (const char* name : kNames) {
    void* const library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) continue;
    is_loaded = find_all(library, loaded);
    if (is_loaded) return {};
    dlclose(library);
  }
  return Error::of(Errc::unsupported,
                   "a filter needs libpcap 1.0 or later, which is not here: sudo apt install libpcap0.8 "
                   "(Debian, Ubuntu; libpcap0.8t64 in the newest), dnf install libpcap, apk add libpcap; "
                   "without a filter it is not needed");
}

// Keeps this thread's resolver from asking name servers, as long as it lives (resolver(3): its state is the
// thread's own).
class NoNameServers {
 public:
#ifdef __GLIBC__
  NoNameServers() noexcept {
    if ((_res.options & RES_INIT) == 0 && res_init() != 0) return;
    servers_ = _res.nscount;
    options_ = _res.options;
    _res.options |= RES_NORELOAD;
    _res.nscount = 0;
    changed_ = true;
  }
  ~NoNameServers() {
    if (!changed_) return;
    _res.nscount = servers_;
    _res.options = options_;
  }

 private:
  int servers_ = 0;
  unsigned long options_ = 0;
  bool changed_ = false;
#else
  NoNameServers() noexcept {}
#endif
};

class Handle {
 public:
  explicit Handle(Pcap* pcap) noexcept : pcap_(pcap) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() {
    if (pcap_ != nullptr) loaded.close(pcap_);
  }
  Pcap* get() const noexcept { return pcap_; }

 private:
  Pcap* const pcap_;
};

Error no_handle(const std::string& interface, std::string why) {
  return Error::of(Errc::unsupported, "libpcap can't look at " + interface + ": " + std::move(why));
}

Error refused(const std::string& filter, const char* why) {
  const std::string said = why;
  std::string hint = ": man pcap-filter has the language";
  if (said.find("unknown host") != std::string::npos)
    hint = ": names are looked up in /etc/hosts alone, not at name servers: give the address";
  return Error::bad_field("filter", "filter \"" + filter + "\": " + said + hint);
}

Result<FilterProgram> compile(Pcap* pcap, const std::string& filter, uint32_t netmask, bool optimize) {
  PcapProgram program{};
  const NoNameServers offline;
  if (loaded.compile(pcap, &program, filter.c_str(), optimize ? 1 : 0, netmask) != 0)
    return refused(filter, loaded.geterr(pcap));
  FilterProgram copy(program.instructions, program.instructions + program.length);
  loaded.freecode(&program);
  return copy;
}

}  // namespace

Result<std::optional<FilterProgram>> compile_filter(const std::string& filter, const std::string& interface,
                                                    bool optimize) {
  const std::lock_guard lock(mutex);
  if (auto ready = load(); !ready) return ready.error();
  char error[kErrorText] = "";
  uint32_t net = 0, netmask = 0;
  if (loaded.lookupnet(interface.c_str(), &net, &netmask, error) != 0 || netmask == 0)
    netmask = kNetmaskUnknown;

  // Only a handle on a real interface makes code that knows of tags which the kernel keeps beside the octets.
  const Handle live(loaded.create(interface.c_str(), error));
  if (live.get() == nullptr) return no_handle(interface, error);
  loaded.set_snaplen(live.get(), kWholePackets);
  loaded.set_buffer_size(live.get(), kSmallestRing);
  const int status = loaded.activate(live.get());
  if (status == kInterfaceDown) {
    const Handle dead(loaded.open_dead(kEthernet, kWholePackets));
    if (dead.get() == nullptr) return no_handle(interface, "no memory");
    const auto checked = compile(dead.get(), filter, netmask, optimize);
    if (!checked) return checked.error();
    return std::optional<FilterProgram>();
  }
  if (status < 0) {
    const std::string said = loaded.geterr(live.get());
    return no_handle(interface, said.empty() ? loaded.statustostr(status) : said);
  }
  auto program = compile(live.get(), filter, netmask, optimize);
  if (!program) return program.error();
  return std::optional<FilterProgram>(std::move(program.value()));
}

Result<std::string> filter_compiler() {
  const std::lock_guard lock(mutex);
  if (auto ready = load(); !ready) return ready.error();
  return std::string(loaded.lib_version());
}

}  // namespace ethercast
