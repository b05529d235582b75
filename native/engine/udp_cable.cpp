#include "engine/udp_cable.h"

#include <sys/epoll.h>

#include <cerrno>

#include "engine/interfaces.h"

namespace ethercast {

Result<> UdpCable::open(PortHost& host) {
  host_ = &host;
  const bool v6 = ends_.remote.is_v6();
  sender_.emplace(host, static_cast<SendRecovery&>(*this), options_.offload);
  path_.emplace(host, *sender_, reader_, options_, v6);
  auto made = udp_socket(ends_.remote.family());
  if (!made) return made.error();
  socket_ = std::move(made.value());
  if (!ends_.interface.empty()) {
    if (auto bound = bind_to_interface(); !bound) return bound;
  }
  // No SO_REUSEADDR: unicast datagrams go to just one of the sockets that share a port, and the other would
  // wonder.
  if (auto bound = bind_socket(socket_.get(), ends_.local); !bound) return bound;
  host.note("listens_on", ends_.local.text() + " port " + std::to_string(ends_.local.port()));

  size_receive_buffer(host, socket_.get(), options_.buffer);
  size_send_buffer(socket_.get(), options_.buffer);
  reader_.use(socket_.get(), host, options_.offload);
  sender_->use(socket_.get(), &ends_.remote, EPOLLIN);
  follow_route();
  if (auto opened = watch_.open(); !opened) return opened;
  if (auto watched = host.watch(watch_.fd(), EPOLLIN); !watched) return watched;
  return host.watch(socket_.get(), EPOLLIN);
}

Result<> UdpCable::bind_to_interface() {
  auto interface = find_interface(ends_.interface);
  if (!interface) return interface.error();
  interface_index_ = interface.value().index;
  const std::string& name = interface.value().name;
  if (setsockopt(socket_.get(), SOL_SOCKET, SO_BINDTODEVICE, name.c_str(),
                 static_cast<socklen_t>(name.size())) != 0) {
    return Error::os(errno, "setsockopt", "can't bind to interface " + name);
  }
  host_->note("interface", name);
  // A link-local address says nothing without its link.
  if (ends_.remote.is_v6()) ends_.remote.v6.sin6_scope_id = static_cast<uint32_t>(interface_index_);
  return {};
}

void UdpCable::on_ready(int fd, uint32_t events) {
  if (fd == watch_.fd()) {
    if (!watch_.read().empty()) follow_route();
    return;
  }
  if ((events & EPOLLOUT) != 0) sender_->flush();
  if ((events & (EPOLLIN | EPOLLERR)) != 0) reader_.receive(fd, *host_, *this);
}

void UdpCable::close() noexcept {
  if (host_ == nullptr) return;
  if (sender_) sender_->close();
  for (const int fd : {socket_.get(), watch_.fd()}) {
    if (fd >= 0) host_->unwatch(fd);
  }
  socket_.reset();
  watch_.close();
  host_ = nullptr;
}

// UML and QEMU take datagrams from anybody here; we take the remote's alone, and count the others where they
// can be seen.
std::optional<RxDrop> UdpCable::judge(const SockAddr& sender) noexcept {
  if (sender == ends_.remote) return std::nullopt;
  return RxDrop::not_peer;
}

// What the route to the remote carries now. Without a route nothing leaves, and nothing is known.
void UdpCable::follow_route() {
  if (const auto route = route_to(ends_.remote, interface_index_)) path_->follow(route.value().mtu);
}

}  // namespace ethercast
