// The part of SwitchHandle that is about stations: to list, pin and unpin them. The I/O thread answers with
// an event.
#include "node/answers.h"
#include "node/switch_handle.h"

namespace ethercast {

namespace {

constexpr double kMaxVlan = 4095;
constexpr uint64_t kNsPerMs = 1'000'000;

// [MAC as a number, VLAN, port, milliseconds since it was heard, pinned]
std::string station_json(const MacTable::Entry& entry, uint64_t now_ns) {
  const uint64_t age_ms = entry.pinned() ? 0 : (now_ns - entry.seen_ns) / kNsPerMs;
  return "[" + std::to_string(station_mac(entry.key)) + "," + std::to_string(station_vlan(entry.key)) + "," +
         std::to_string(entry.port) + "," + std::to_string(age_ms) + "," +
         (entry.pinned() ? "true" : "false") + "]";
}

// The station that two arguments name, MAC and VLAN; none: they are no numbers, or name none.
std::optional<StationKey> station_of(const Napi::Value& mac, const Napi::Value& vlan) {
  if (!mac.IsNumber() || !vlan.IsNumber()) return std::nullopt;
  const double address = mac.As<Napi::Number>().DoubleValue();
  const double number = vlan.As<Napi::Number>().DoubleValue();
  // Written so that NaN fails.
  if (!(address >= 1 && address < static_cast<double>(kBroadcastMac)) || !(number >= 0 && number <= kMaxVlan))
    return std::nullopt;
  const Mac station = static_cast<Mac>(address);
  if (!is_individual(station)) return std::nullopt;
  return station_key(station, static_cast<uint16_t>(number));
}

std::string answer_start(uint32_t request) {
  return event_start("answer") + number_field("request", request);
}

}  // namespace

Napi::Value SwitchHandle::stations(const Napi::CallbackInfo& info) {
  if (info.Length() < 1 || !info[0].IsNumber()) return throw_type(info.Env(), "stations(request: number)");
  const uint32_t request = info[0].As<Napi::Number>();
  post(
      [this, request](Engine& engine) {
        std::string list;
        engine.fabric().table().each(engine.now_ns(), [&](const MacTable::Entry& entry) {
          list += list.empty() ? "" : ",";
          list += station_json(entry, engine.now_ns());
        });
        add_event(event_start("stations") + number_field("request", request) + ",\"stations\":[" + list +
                  "]}");
      },
      info.Env());
  return info.Env().Undefined();
}

Napi::Value SwitchHandle::pin(const Napi::CallbackInfo& info) {
  const char* const usage = "pin(request: number, mac: number of a station, vlan: number, port: number)";
  if (info.Length() < 4 || !info[0].IsNumber() || !info[3].IsNumber()) return throw_type(info.Env(), usage);
  const std::optional<StationKey> station = station_of(info[1], info[2]);
  if (!station) return throw_type(info.Env(), usage);
  const uint32_t request = info[0].As<Napi::Number>();
  const auto port = static_cast<PortId>(info[3].As<Napi::Number>().Uint32Value());
  post(
      [this, request, station = *station, port](Engine& engine) {
        std::string answer = answer_start(request) + ",\"done\":true";
        switch (engine.fabric().pin(station, port)) {
          case Pinning::done:
            break;
          case Pinning::no_such_port:
            answer += ",\"error\":" + error_to_json(Error::of(Errc::closed, "pin: the port is closed"));
            break;
          case Pinning::table_full:
            answer += ",\"error\":" + error_to_json(Error::of(
                                          Errc::state,
                                          "pin: the table is full of pinned stations: unpin some, or make "
                                          "the switch with a larger tableSize"));
            break;
        }
        add_event(answer + "}");
      },
      info.Env());
  return info.Env().Undefined();
}

Napi::Value SwitchHandle::unpin(const Napi::CallbackInfo& info) {
  const char* const usage = "unpin(request: number, mac: number of a station, vlan: number)";
  if (info.Length() < 3 || !info[0].IsNumber()) return throw_type(info.Env(), usage);
  const std::optional<StationKey> station = station_of(info[1], info[2]);
  if (!station) return throw_type(info.Env(), usage);
  const uint32_t request = info[0].As<Napi::Number>();
  post(
      [this, request, station = *station](Engine& engine) {
        const bool done = engine.fabric().unpin(station);
        add_event(answer_start(request) + ",\"done\":" + (done ? "true" : "false") + "}");
      },
      info.Env());
  return info.Env().Undefined();
}

}  // namespace ethercast
