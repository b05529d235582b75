// Sums, cutting and joining: all that a super-frame costs within this process. An item is one sum, one
// super-frame cut, or one run joined.
#include <memory>
#include <vector>

#include "bench.h"
#include "core/checksum.h"
#include "core/coalesce.h"
#include "core/packet.h"
#include "core/port.h"
#include "core/segment.h"
#include "frames.h"

namespace ethercast::bench {

namespace {

constexpr uint32_t kHeader = kEtherHeader + ipv4::kHeader + tcp::kHeader;

Case sum_case(uint32_t length) {
  return {"checksum, " + std::to_string(length) + " octets", [=]() -> Work {
            auto octets = std::make_shared<std::vector<uint8_t>>(length, uint8_t{0xa5});
            return [octets](uint64_t n) {
              for (uint64_t i = 0; i < n; ++i) keep(ones_sum(*octets));
              return n;
            };
          }};
}

Case portable_sum_case(uint32_t length) {
  return {"checksum without vectors, " + std::to_string(length) + " octets", [=]() -> Work {
            auto octets = std::make_shared<std::vector<uint8_t>>(length, uint8_t{0xa5});
            return [octets](uint64_t n) {
              for (uint64_t i = 0; i < n; ++i) keep(ones_sum_portable(*octets));
              return n;
            };
          }};
}

// A super-frame of TCP over IPv4 with as many segments as are asked for.
std::vector<uint8_t> super_frame(uint32_t segments, uint32_t gso_size, FrameMeta& meta) {
  std::vector<uint8_t> frame(kHeader + segments * gso_size, uint8_t{0x5a});
  write_mac(frame.data(), station(2));
  write_mac(frame.data() + 6, station(1));
  uint8_t* const ip = frame.data() + kEtherHeader;
  write_be16(ip - 2, kEtherTypeIpv4);
  ip[0] = 0x45;
  write_be16(ip + ipv4::kLength, static_cast<uint16_t>(frame.size() - kEtherHeader));
  write_be16(ip + ipv4::kFragment, ipv4::kDontFragment);
  ip[ipv4::kProtocol] = kProtocolTcp;
  uint8_t* const transport = ip + ipv4::kHeader;
  transport[tcp::kDataOffset] = 0x50;
  transport[tcp::kFlags] = 0x10;
  meta.length = static_cast<uint32_t>(frame.size());
  describe(meta, frame,
           {.needs_checksum = true,
            .gso_type = GsoType::tcp4,
            .gso_size = static_cast<uint16_t>(gso_size),
            .csum_start = kEtherHeader + ipv4::kHeader,
            .csum_offset = tcp::kChecksum});
  return frame;
}

Case cut_case(uint32_t segments, uint32_t gso_size) {
  return {"cut, " + std::to_string(segments) + " segments of " + std::to_string(gso_size), [=]() -> Work {
            auto meta = std::make_shared<FrameMeta>();
            auto frame = std::make_shared<std::vector<uint8_t>>(super_frame(segments, gso_size, *meta));
            return [=](uint64_t n) {
              uint8_t header[kMaxSuperHeader];
              for (uint64_t i = 0; i < n; ++i) {
                const Cutter cutter(*meta, frame->data());
                for (uint32_t s = 0; s < cutter.segments(); ++s) {
                  cutter.write_header(s, header);
                  keep(header[0]);
                }
              }
              return n;
            };
          }};
}

class Swallow final : public UnitSink {
 public:
  void take(const Unit& unit) noexcept override { keep(unit.frames.size()); }
};

// `flags`: with kChecksumGood, joining without verifying.
Case join_case(uint32_t segments, uint32_t gso_size, uint16_t flags) {
  const std::string known = flags != 0 ? ", sums known" : "";
  return {"join, " + std::to_string(segments) + " segments of " + std::to_string(gso_size) + known,
          [=]() -> Work {
            auto batch = std::make_shared<FrameBatch>();
            FrameMeta meta;
            const auto frame = super_frame(segments, gso_size, meta);
            const Cutter cutter(meta, frame.data());
            auto picks = std::make_shared<std::vector<uint16_t>>();
            for (uint32_t s = 0; s < segments; ++s) {
              uint8_t header[kMaxSuperHeader];
              cutter.write_header(s, header);
              batch->append({header, cutter.header_length()}, cutter.payload(s), 0);
              batch->meta(static_cast<uint16_t>(s)).flags = flags;
              picks->push_back(static_cast<uint16_t>(s));
            }
            auto joiner = std::make_shared<Joiner>();
            return [=](uint64_t n) {
              Swallow swallow;
              for (uint64_t i = 0; i < n; ++i) joiner->join(*batch, *picks, kTakesTcp4, swallow);
              return n;
            };
          }};
}

}  // namespace

std::vector<Case> offload_cases() {
  return {sum_case(64),
          sum_case(1460),
          sum_case(8948),
          sum_case(65000),
          portable_sum_case(1460),
          cut_case(44, 1460),
          cut_case(7, 8948),
          join_case(44, 1460, 0),
          join_case(7, 8948, 0),
          join_case(44, 1460, kChecksumGood),
          join_case(7, 8948, kChecksumGood)};
}

}  // namespace ethercast::bench
