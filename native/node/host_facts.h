// What the doctor asks of this host: its interfaces, routes, what a link is, whether taps can be had and a
// port can be bound. Reading only.
#pragma once

#include <napi.h>

namespace ethercast {

// interfaces() -> JSON text of [{index, name, flags, mtu, addresses}]
Napi::Value host_interfaces(const Napi::CallbackInfo& info);
// routeTo(address, interfaceIndex) -> JSON text of {interfaceIndex, mtu, source} or {error}
Napi::Value host_route_to(const Napi::CallbackInfo& info);
// probeBind(address, port, shared) -> JSON text of {receiveBuffer} or {error}: binds a UDP socket for a
// moment
Napi::Value host_probe_bind(const Napi::CallbackInfo& info);
// link(name) -> JSON text of what look_up_link() finds, null when there is none, or {error}
Napi::Value host_link(const Napi::CallbackInfo& info);
// tunFeatures() -> JSON text of {features}: the IFF_ flags that /dev/net/tun knows, or {error}
Napi::Value host_tun_features(const Napi::CallbackInfo& info);
// udpFeatures() -> JSON text of {segment, gro}: whether UDP sockets have UDP_SEGMENT and UDP_GRO, or {error}
Napi::Value host_udp_features(const Napi::CallbackInfo& info);
// checkFilter(filter) -> JSON text of {by}: what libpcap calls itself, when the filter is one, or {error}
Napi::Value host_check_filter(const Napi::CallbackInfo& info);

}  // namespace ethercast
