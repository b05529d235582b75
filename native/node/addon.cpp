// The addon's door: registers the classes and the few functions that lib/binding.ts declares.
#include <napi.h>

#include "core/counters.h"
#include "node/datagram_handle.h"
#include "node/host_changes.h"
#include "node/host_facts.h"
#include "node/switch_handle.h"

namespace {

Napi::Object init(Napi::Env env, Napi::Object exports) {
  Napi::Array names = Napi::Array::New(env, ethercast::kCounterCount);
  for (uint32_t i = 0; i < ethercast::kCounterCount; ++i) names.Set(i, ethercast::kCounterNames[i]);
  exports.Set("counterNames", names);
  exports.Set("NativeSwitch", ethercast::SwitchHandle::define(env));
  exports.Set("NativeDatagrams", ethercast::DatagramHandle::define(env));
  exports.Set("interfaces", Napi::Function::New<ethercast::host_interfaces>(env));
  exports.Set("routeTo", Napi::Function::New<ethercast::host_route_to>(env));
  exports.Set("probeBind", Napi::Function::New<ethercast::host_probe_bind>(env));
  exports.Set("link", Napi::Function::New<ethercast::host_link>(env));
  exports.Set("tunFeatures", Napi::Function::New<ethercast::host_tun_features>(env));
  exports.Set("checkFilter", Napi::Function::New<ethercast::host_check_filter>(env));
  exports.Set("udpFeatures", Napi::Function::New<ethercast::host_udp_features>(env));
  exports.Set("probeDatagrams", Napi::Function::New<ethercast::probe_datagrams>(env));
  exports.Set("tunPersist", Napi::Function::New<ethercast::host_tun_persist>(env));
  exports.Set("accountNumber", Napi::Function::New<ethercast::host_account_number>(env));
  return exports;
}

}  // namespace

NODE_API_MODULE(ethercast, init)
