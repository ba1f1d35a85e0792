#include "strata/train/event_file.h"

#include <array>
#include <bit>
#include <chrono>
#include <filesystem>

#include <fmt/format.h>

#include "strata/io/file.h"

namespace strata::train {
namespace {

constexpr uint32_t kCastagnoli = 0x82f63b78;  // its bits reversed

constexpr std::array<uint32_t, 256> make_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t c = i;
    for (int bit = 0; bit < 8; ++bit) c = (c & 1) != 0 ? (c >> 1) ^ kCastagnoli : c >> 1;
    table[i] = c;
  }
  return table;
}

/// TFRecord stores checksums rotated and shifted, so that those of nested records differ.
uint32_t masked(uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xa282ead8u; }

template <class T>
void put_little(std::string& out, T value) {
  for (size_t i = 0; i < sizeof(T); ++i) {
    out += static_cast<char>(static_cast<uint64_t>(value) >> (8 * i));
  }
}

// What a field's value looks like in protobuf's wire format.
enum class Wire : uint64_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

void put_varint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

void put_key(std::string& out, uint64_t field, Wire wire) {
  put_varint(out, field << 3 | static_cast<uint64_t>(wire));
}

void put_bytes(std::string& out, uint64_t field, std::string_view bytes) {
  put_key(out, field, Wire::bytes);
  put_varint(out, bytes.size());
  out += bytes;
}

/// Event.wall_time and Event.step; a step of 0 is not written, as protobuf leaves out defaults.
std::string event_head(double wall_time, int64_t step) {
  std::string out;
  put_key(out, 1, Wire::fixed64);
  put_little(out, std::bit_cast<uint64_t>(wall_time));
  if (step != 0) {
    put_key(out, 2, Wire::varint);
    put_varint(out, static_cast<uint64_t>(step));
  }
  return out;
}

double now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

uint32_t crc32c(std::string_view data) {
  static constexpr std::array<uint32_t, 256> kTable = make_table();
  uint32_t c = ~uint32_t{0};
  for (const char byte : data) c = kTable[(c ^ static_cast<uint8_t>(byte)) & 0xff] ^ (c >> 8);
  return ~c;
}

std::string tf_record(std::string_view data) {
  std::string out;
  put_little(out, static_cast<uint64_t>(data.size()));
  put_little(out, masked(crc32c(out)));
  out += data;
  put_little(out, masked(crc32c(data)));
  return out;
}

std::string version_event(double wall_time) {
  std::string out = event_head(wall_time, 0);
  put_bytes(out, 3, "brain.Event:2");
  return out;
}

std::string session_event(double wall_time, int64_t step) {
  std::string session;  // SessionLog.status = START
  put_key(session, 1, Wire::varint);
  put_varint(session, 1);
  std::string out = event_head(wall_time, step);
  put_bytes(out, 7, session);
  return out;
}

std::string scalars_event(double wall_time, int64_t step, std::span<const ScalarValue> scalars) {
  std::string summary;
  for (const auto& [tag, number] : scalars) {
    std::string value;
    put_bytes(value, 1, tag);
    put_key(value, 2, Wire::fixed32);
    put_little(value, std::bit_cast<uint32_t>(static_cast<float>(number)));
    put_bytes(summary, 1, value);
  }
  std::string out = event_head(wall_time, step);
  put_bytes(out, 5, summary);
  return out;
}

EventFile::EventFile(const std::string& folder, int64_t step) {
  const double start = now();
  for (int n = 0; path_.empty() || std::filesystem::exists(path_); ++n) {
    const auto name = fmt::format("events.out.tfevents.{:010.0f}.{}", start, n);
    path_ = (std::filesystem::path(folder) / name).string();
  }
  append_file(path_, tf_record(version_event(start)) + tf_record(session_event(start, step)));
}

void EventFile::add(int64_t step, std::span<const ScalarValue> scalars) {
  append_file(path_, tf_record(scalars_event(now(), step, scalars)));
}

}  // namespace strata::train
