#include "strata/io/npy.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/base/function_ref.h"
#include "strata/io/byte_order.h"
#include "strata/io/checked_shape.h"
#include "strata/io/file.h"
#include "strata/ops/copy.h"
#include "strata/ops/views.h"

namespace strata {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr int64_t kMostHeaderBytes = 1 << 20;
constexpr size_t kAlign = 64;  // of the data in the file

struct Code {
  std::string_view code;
  DType dtype;
};
constexpr std::array<Code, 9> kCodes = {{{"f4", DType::f32},
                                         {"f8", DType::f64},
                                         {"f2", DType::f16},
                                         {"V2", DType::bf16},
                                         {"i8", DType::i64},
                                         {"i4", DType::i32},
                                         {"u1", DType::u8},
                                         {"i1", DType::i8},
                                         {"b1", DType::boolean}}};

/// Bytes that can be read at any place; `name` is what errors call them.
struct Source {
  const std::string& name;
  int64_t size;
  FunctionRef<void(int64_t offset, void* to, int64_t bytes)> read;
};

struct Header {
  std::string descr;
  bool fortran = false;
  Shape shape;
};

/// Reads the Python dict of a header, {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }.
class HeaderParser {
 public:
  HeaderParser(const std::string& path, std::string_view text) : path_(path), text_(text) {}

  Header parse() {
    Header h;
    bool descr = false, order = false, shape = false;
    const auto once = [&](bool& seen, const std::string& key) {
      if (seen) fail(fmt::format("'{}' stands there twice", key));
      seen = true;
    };
    expect('{');
    while (!accept('}')) {
      const std::string key = quoted();
      expect(':');
      if (key == "descr") {
        once(descr, key);
        if (peek() == '[') fail("records with named fields are not supported");
        h.descr = quoted();
      } else if (key == "fortran_order") {
        once(order, key);
        h.fortran = boolean();
      } else if (key == "shape") {
        once(shape, key);
        h.shape = tuple();
      } else {
        fail(fmt::format("unknown key '{}'", key));
      }
      if (!accept(',') && peek() != '}') fail("',' or '}' is missing");
    }
    if (peek() != '\0') fail("more follows the '}'");
    if (!descr || !order || !shape) fail("descr, fortran_order or shape is missing");
    return h;
  }

 private:
  [[noreturn]] void fail(const std::string& fault) const {
    throw FormatError(path_, "npy header: " + fault);
  }
  char peek() {
    while (!text_.empty() && (text_.front() == ' ' || text_.front() == '\n'))
      text_.remove_prefix(1);
    return text_.empty() ? '\0' : text_.front();
  }
  bool accept(char c) {
    if (peek() != c || text_.empty()) return false;
    text_.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    if (!accept(c)) fail(fmt::format("'{}' is missing", c));
  }
  std::string quoted() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') fail("a quoted text is missing");
    const size_t end = text_.find(quote, 1);
    if (end == std::string_view::npos) fail("a quote is not closed");
    const std::string text(text_.substr(1, end - 1));
    text_.remove_prefix(end + 1);
    return text;
  }
  bool boolean() {
    peek();
    for (const auto& [word, value] : {std::pair("True", true), std::pair("False", false)}) {
      if (!text_.starts_with(word)) continue;
      text_.remove_prefix(std::string_view(word).size());
      return value;
    }
    fail("fortran_order must be True or False");
  }
  Shape tuple() {
    Shape shape;
    expect('(');
    while (!accept(')')) {
      peek();
      int64_t size = 0;
      const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), size);
      if (error != std::errc() || size < 0) fail("the shape holds something else than sizes");
      text_.remove_prefix(static_cast<size_t>(end - text_.data()));
      accept('L');  // as Python 2 wrote long integers
      if (shape.rank() == kMaxRank) fail(fmt::format("more than {} dimensions", kMaxRank));
      shape.push_back(size);
      if (!accept(',') && peek() != ')') fail("',' or ')' is missing in the shape");
    }
    return shape;
  }

  const std::string& path_;
  std::string_view text_;
};

/// The header's text; `at` becomes the first byte after it.
std::string header_text(const Source& file, int64_t& at) {
  std::array<char, 8> magic{};
  file.read(0, magic.data(), 8);
  if (std::string_view(magic.data(), 6) != kMagic) {
    throw FormatError(file.name, "no npy file: it does not begin with \\x93NUMPY");
  }
  const int version = static_cast<unsigned char>(magic[6]);
  if (version < 1 || version > 3) {
    throw FormatError(file.name, fmt::format("npy version {}: 1 to 3 are known", version));
  }
  const int64_t width = version == 1 ? 2 : 4;
  std::array<unsigned char, 4> raw{};
  file.read(8, raw.data(), width);
  const int64_t bytes = raw[0] | raw[1] << 8 | raw[2] << 16 | int64_t{raw[3]} << 24;
  at = 8 + width + bytes;
  if (at > file.size) {
    throw FormatError(file.name, fmt::format("truncated: the header should end at byte {}, the "
                                             "file has {}",
                                             at, file.size));
  }
  if (bytes > kMostHeaderBytes) {
    throw FormatError(file.name, fmt::format("npy header of {} bytes", bytes));
  }
  std::string text(static_cast<size_t>(bytes), '\0');
  file.read(8 + width, text.data(), bytes);
  return text;
}

/// Bytes of an element of one of NumPy's dtypes; nothing for Python objects, which are pickled, and
/// -1 for what is no dtype.
std::optional<int64_t> width_of(std::string_view code) {
  if (code.starts_with('O')) return std::nullopt;
  constexpr std::string_view kKinds = "biufcmMSUV";
  if (code.empty() || kKinds.find(code[0]) == std::string_view::npos) return -1;
  int32_t width = 0;
  const char* end = code.data() + code.size();
  const auto [rest, error] = std::from_chars(code.data() + 1, end, width);
  const bool unit = rest != end && *rest == '[' && (code[0] == 'm' || code[0] == 'M');
  if (error != std::errc() || width < 0 || (rest != end && !unit)) return -1;
  return code[0] == 'U' ? int64_t{4} * width : width;
}

/// An array's header, and where its elements begin.
struct Head {
  NpyInfo info;
  int64_t begin = 0;
  bool fortran = false;
};

[[noreturn]] void refuse(const std::string& path, const std::string& descr) {
  throw FormatError(path, fmt::format("the dtype '{}' is not supported", descr),
                    "f2, f4, f8, i1, i4, i8, u1, b1 are; convert with numpy's astype");
}

/// The header, held against the number of bytes that follow it where its dtype has a width.
Head read_head(const Source& file, bool foreign_too) {
  const std::string& path = file.name;
  Head head;
  const Header h = HeaderParser(path, header_text(file, head.begin)).parse();
  const std::string_view code = std::string_view(h.descr).substr(h.descr.empty() ? 0 : 1);
  if (h.descr.empty() || std::string_view("<>|=").find(h.descr[0]) == std::string_view::npos) {
    refuse(path, h.descr);
  }
  const auto* known =
      std::find_if(kCodes.begin(), kCodes.end(), [&](const Code& c) { return c.code == code; });
  const bool foreign = known == kCodes.end();
  const std::optional<int64_t> width = foreign ? width_of(code) : size_of(known->dtype);
  if ((foreign && !foreign_too) || width == -1) refuse(path, h.descr);
  head.info = {.stored = h.descr, .dtype = {}, .shape = h.shape, .bytes = file.size - head.begin};
  if (!foreign) head.info.dtype = known->dtype;
  head.fortran = h.fortran;
  const int64_t elements = checked_elements(path, h.shape), there = head.info.bytes;
  int64_t bytes = there;
  if (width && __builtin_mul_overflow(elements, *width, &bytes)) {
    bytes = std::numeric_limits<int64_t>::max();
  }
  if (bytes != there) {
    throw FormatError(path, fmt::format("{}: {}{} needs {} bytes, {} follow the header",
                                        bytes > there ? "truncated" : "too long",
                                        foreign ? h.descr : name_of(known->dtype),
                                        to_string(h.shape), bytes, there));
  }
  return head;
}

void normalise_bools(Tensor& t) {
  auto* bytes = static_cast<unsigned char*>(t.raw());
  for (int64_t i = 0; i < t.numel(); ++i) bytes[i] = bytes[i] != 0;
}

Tensor read_array(const Source& file) {
  const Head head = read_head(file, false);
  const Shape& shape = head.info.shape;
  Dims reversed;
  for (int i = shape.rank() - 1; i >= 0; --i) reversed.push_back(shape[i]);
  Tensor t = empty(head.fortran ? reversed : shape, *head.info.dtype, kCpu, "read_npy");
  file.read(head.begin, t.raw(), head.info.bytes);
  if (head.info.stored[0] == '>') swap_bytes(t.raw(), t.numel(), size_of(t.dtype()));
  if (t.dtype() == DType::boolean) normalise_bools(t);
  if (!head.fortran) return t;
  Dims order;
  for (int i = t.rank() - 1; i >= 0; --i) order.push_back(i);
  return contiguous(permute(t, order));
}

/// Source::read of what lies in memory.
auto reader_of(const std::string& name, std::span<const uint8_t> bytes) {
  return [&name, bytes](int64_t offset, void* to, int64_t count) {
    const auto size = static_cast<int64_t>(bytes.size());
    if (offset > size || count > size - offset) throw FormatError(name, "truncated");
    if (count > 0) std::memcpy(to, bytes.data() + offset, static_cast<size_t>(count));
  };
}

/// The header of a file that holds `t`.
std::string header_of(const Tensor& t) {
  const auto* code = std::find_if(kCodes.begin(), kCodes.end(),
                                  [&](const Code& c) { return c.dtype == t.dtype(); });
  std::string shape;
  for (const int64_t size : t.shape())
    shape += fmt::format("{}{}", shape.empty() ? "" : ", ", size);
  if (t.rank() == 1) shape += ",";
  std::string text = fmt::format("{{'descr': '{}{}', 'fortran_order': False, 'shape': ({}), }}",
                                 size_of(t.dtype()) == 1 ? '|' : '<', code->code, shape);
  const size_t preamble = kMagic.size() + 4;  // version 1: two bytes of version, two of length
  const size_t total = (preamble + text.size() + 1 + kAlign - 1) / kAlign * kAlign;
  text.resize(total - preamble - 1, ' ');
  text += '\n';
  std::string header(kMagic);
  header +=
      {'\1', '\0', static_cast<char>(text.size() & 0xff), static_cast<char>(text.size() >> 8)};
  return header + text;
}

}  // namespace

Tensor read_npy(const std::string& path) {
  const InputFile file(path);
  return read_array({path, file.size(), [&](int64_t offset, void* to, int64_t bytes) {
                       file.read(offset, to, bytes);
                     }});
}

NpyInfo npy_info(const std::string& path) {
  const InputFile file(path);
  const auto read = [&](int64_t offset, void* to, int64_t bytes) { file.read(offset, to, bytes); };
  return read_head({path, file.size(), read}, true).info;
}

Tensor decode_npy(const std::string& name, std::span<const uint8_t> bytes) {
  const auto read = reader_of(name, bytes);
  return read_array({name, static_cast<int64_t>(bytes.size()), read});
}

NpyInfo npy_info(const std::string& name, std::span<const uint8_t> bytes) {
  const auto read = reader_of(name, bytes);
  return read_head({name, static_cast<int64_t>(bytes.size()), read}, true).info;
}

std::string encode_npy(const Tensor& t) {
  std::string out = header_of(t);
  const Tensor rows = contiguous(t.detach());
  if (t.numel() > 0) {
    out.append(static_cast<const char*>(rows.raw()),
               static_cast<size_t>(t.numel() * size_of(t.dtype())));
  }
  return out;
}

void write_npy(const std::string& path, const Tensor& t) {
  const std::string header = header_of(t);
  const Tensor rows = contiguous(t.detach());
  AtomicFile file(path);
  file.write(header.data(), static_cast<int64_t>(header.size()));
  if (t.numel() > 0) file.write(rows.raw(), t.numel() * size_of(t.dtype()));
  file.commit();
}

}  // namespace strata
