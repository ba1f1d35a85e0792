#include "strata/io/idx.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/io/byte_order.h"
#include "strata/io/checked_shape.h"
#include "strata/io/file.h"
#include "strata/io/gzip.h"
#include "strata/ops/copy.h"

namespace strata {
namespace {

static_assert(std::endian::native == std::endian::little, "IDX files are big-endian");

constexpr int kShort = 0x0b;

struct Code {
  int code;
  DType dtype;
};
constexpr std::array<Code, 5> kCodes = {{{0x08, DType::u8},
                                         {0x09, DType::i8},
                                         {0x0c, DType::i32},
                                         {0x0d, DType::f32},
                                         {0x0e, DType::f64}}};

/// The shape after the magic number.
Shape read_shape(ByteStream& in, int rank) {
  if (rank < 1 || rank > kMaxRank) {
    throw FormatError(in.path(),
                      fmt::format("IDX with {} dimensions: 1 to {} are possible", rank, kMaxRank));
  }
  Shape shape;
  for (int i = 0; i < rank; ++i) {
    uint32_t size = 0;
    in.read(&size, 4);
    swap_bytes(&size, 1, 4);
    shape.push_back(size);
  }
  return shape;
}

Tensor read_shorts(ByteStream& in, const Shape& shape) {
  Tensor t = empty(shape, DType::i32, kCpu, "read_idx");
  Tensor raw = empty({numel(shape) * 2}, DType::u8, kCpu, "read_idx");
  in.read(raw.raw(), raw.numel());
  swap_bytes(raw.raw(), t.numel(), 2);
  for (int64_t i = 0; i < t.numel(); ++i) {
    int16_t value;
    std::memcpy(&value, raw.data<uint8_t>() + 2 * i, 2);
    t.data<int32_t>()[i] = value;
  }
  return t;
}

}  // namespace

Tensor read_idx(const std::string& path) {
  ByteStream in(path);
  std::array<unsigned char, 4> magic{};
  in.read(magic.data(), 4);
  const auto* code =
      std::find_if(kCodes.begin(), kCodes.end(), [&](const Code& c) { return c.code == magic[2]; });
  if (magic[0] != 0 || magic[1] != 0 || (code == kCodes.end() && magic[2] != kShort)) {
    throw FormatError(path, fmt::format("no IDX file: it begins with {:02x} {:02x} {:02x}",
                                        magic[0], magic[1], magic[2]));
  }
  const Shape shape = read_shape(in, magic[3]);
  const int64_t width = code == kCodes.end() ? 2 : size_of(code->dtype);
  in.expect(checked_elements(path, shape) * width);
  Tensor t;
  if (code == kCodes.end()) {
    t = read_shorts(in, shape);
  } else {
    t = empty(shape, code->dtype, kCpu, "read_idx");
    in.read(t.raw(), t.numel() * width);
    swap_bytes(t.raw(), t.numel(), width);
  }
  in.expect_end();
  return t;
}

void write_idx(const std::string& path, const Tensor& t) {
  const auto* code = std::find_if(kCodes.begin(), kCodes.end(),
                                  [&](const Code& c) { return c.dtype == t.dtype(); });
  if (code == kCodes.end()) {
    throw DTypeError("write_idx",
                     fmt::format("IDX holds u8, i8, i32, f32 and f64, not {}", name_of(t.dtype())));
  }
  if (t.rank() == 0) throw ShapeError("write_idx", "IDX needs at least one dimension");
  std::string bytes = {0, 0, static_cast<char>(code->code), static_cast<char>(t.rank())};
  for (const int64_t size : t.shape()) {
    if (size > std::numeric_limits<uint32_t>::max()) {
      throw ShapeError("write_idx", fmt::format("{} has a size beyond 32 bits", describe(t)));
    }
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(size >> shift & 0xff);
  }
  Tensor swapped = copy(t.detach());
  swap_bytes(swapped.raw(), t.numel(), size_of(t.dtype()));
  bytes.append(static_cast<const char*>(swapped.raw()),
               static_cast<size_t>(t.numel() * size_of(t.dtype())));
  write_file(path, path.ends_with(".gz") ? gzip(bytes) : bytes);
}

}  // namespace strata
