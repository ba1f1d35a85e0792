#include "strata/io/safetensors_header.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "strata/base/error.h"
#include "strata/io/checked_shape.h"

namespace strata::internal {
namespace {

using Json = nlohmann::json;

constexpr int64_t kMostHeaderBytes = 100'000'000;  // the Python library's limit
constexpr std::string_view kMetadataKey = "__metadata__";

struct StoredType {
  std::string_view name;
  int bits;
  std::optional<DType> dtype;
};

constexpr std::array<StoredType, 22> kTypes = {{
    {"F32", 32, DType::f32},
    {"BF16", 16, DType::bf16},
    {"F16", 16, DType::f16},
    {"F64", 64, DType::f64},
    {"I64", 64, DType::i64},
    {"I32", 32, DType::i32},
    {"U8", 8, DType::u8},
    {"I8", 8, DType::i8},
    {"BOOL", 8, DType::boolean},
    {"I16", 16, std::nullopt},
    {"U16", 16, std::nullopt},
    {"U32", 32, std::nullopt},
    {"U64", 64, std::nullopt},
    {"C64", 64, std::nullopt},
    {"F8_E4M3", 8, std::nullopt},
    {"F8_E5M2", 8, std::nullopt},
    {"F8_E8M0", 8, std::nullopt},
    {"F8_E4M3FNUZ", 8, std::nullopt},
    {"F8_E5M2FNUZ", 8, std::nullopt},
    {"F6_E2M3", 6, std::nullopt},
    {"F6_E3M2", 6, std::nullopt},
    {"F4", 4, std::nullopt},
}};

const StoredType* find_type(std::string_view name) {
  const auto* at =
      std::find_if(kTypes.begin(), kTypes.end(), [&](const auto& t) { return t.name == name; });
  return at == kTypes.end() ? nullptr : at;
}

/// Follows the events of the JSON parser and accepts one text only: an object of string values,
/// or of objects with the keys of a tensor. Nothing is kept of what does not belong.
class HeaderReader : public nlohmann::json_sax<Json> {
 public:
  HeaderReader(const std::string& path, SafeTensorsHeader& out) : path_(path), out_(out) {}

  bool start_object(size_t) override {
    switch (state_) {
      case State::kStart: state_ = State::kTop; break;
      case State::kEntry:
        state_ = key_ == kMetadataKey ? State::kMetadata : State::kTensor;
        seen_ = 0;
        if (state_ == State::kTensor) out_.tensors.emplace_back().name = key_;
        break;
      default: reject("an object");
    }
    return true;
  }

  bool key(std::string& key) override {
    if (state_ == State::kTensor) {
      field_ = field_named(key);
      if (field_ < 0) fail(fmt::format("tensor '{}' has an unknown key '{}'", key_, key));
      if (seen_ & (1 << field_)) fail(fmt::format("tensor '{}' has '{}' twice", key_, key));
      seen_ |= 1 << field_;
      return true;
    }
    const bool fresh = state_ == State::kTop ? names_.insert(key).second
                                             : out_.metadata.emplace(key, std::string()).second;
    if (!fresh) fail(fmt::format("the key '{}' stands there twice", key));
    if (state_ == State::kTop) {
      key_ = key;
      state_ = State::kEntry;
    } else {
      metadata_key_ = key;
    }
    return true;
  }

  bool string(std::string& text) override {
    if (state_ == State::kMetadata) {
      out_.metadata[metadata_key_] = text;
    } else if (state_ == State::kTensor && field_ == 0) {
      tensor().stored = text;
    } else {
      reject("a text");
    }
    return true;
  }

  bool start_array(size_t) override {
    if (state_ != State::kTensor || field_ < 1) reject("an array");
    state_ = State::kArray;
    offsets_ = 0;
    return true;
  }

  bool number_unsigned(uint64_t value) override {
    if (state_ != State::kArray) reject("a number");
    if (value > uint64_t{1} << 62) fail(fmt::format("tensor '{}': {} is too large", key_, value));
    const auto number = static_cast<int64_t>(value);
    if (field_ == 1) {
      if (tensor().shape.rank() == kMaxRank) {
        fail(fmt::format("tensor '{}' has more than {} dimensions", key_, kMaxRank));
      }
      tensor().shape.push_back(number);
    } else {
      if (offsets_ == 2) fail(fmt::format("tensor '{}' has more than two offsets", key_));
      (offsets_++ == 0 ? tensor().begin : tensor().end) = number;
    }
    return true;
  }

  bool end_array() override {
    state_ = State::kTensor;
    if (field_ == 2 && offsets_ != 2) fail(fmt::format("tensor '{}' needs two offsets", key_));
    field_ = -1;
    return true;
  }

  bool end_object() override {
    if (state_ == State::kTensor && seen_ != 7) {
      fail(fmt::format("tensor '{}' lacks dtype, shape or data_offsets", key_));
    }
    state_ = state_ == State::kTop ? State::kEnd : State::kTop;
    return true;
  }

  bool null() override { reject("null"); }
  bool boolean(bool) override { reject("true or false"); }
  bool number_integer(int64_t value) override { reject(fmt::format("the number {}", value)); }
  bool number_float(double, const std::string& s) override { reject("the number " + s); }
  bool binary(Json::binary_t&) override { reject("binary data"); }
  bool parse_error(size_t position, const std::string&, const Json::exception&) override {
    fail(fmt::format("bad JSON at byte {}", position + 8));
  }

 private:
  enum class State { kStart, kTop, kEntry, kTensor, kArray, kMetadata, kEnd };

  static int field_named(std::string_view key) {
    return key == "dtype" ? 0 : key == "shape" ? 1 : key == "data_offsets" ? 2 : -1;
  }
  SafeTensorInfo& tensor() { return out_.tensors.back(); }

  [[noreturn]] void fail(const std::string& fault) const {
    throw FormatError(path_, "safetensors header: " + fault);
  }
  [[noreturn]] void reject(const std::string& what) const {
    const char* where = "at the top";
    if (state_ == State::kMetadata) where = "in the metadata, which holds texts only";
    if (state_ >= State::kEntry && state_ <= State::kArray) {
      fail(fmt::format("{} does not belong into tensor '{}'", what, key_));
    }
    fail(fmt::format("{} does not belong {}", what, where));
  }

  const std::string& path_;
  SafeTensorsHeader& out_;
  State state_ = State::kStart;
  std::set<std::string> names_;
  std::string key_, metadata_key_;
  int field_ = -1;
  int seen_ = 0;
  int offsets_ = 0;
};

/// Bytes that a tensor of this dtype and shape has. Throws FormatError where they cannot be
/// counted.
int64_t expected_bytes(const std::string& path, const SafeTensorInfo& info, int bits) {
  const int64_t elements =
      checked_elements(path, info.shape, fmt::format(" of tensor '{}'", info.name));
  if (bits % 8 == 0) return elements * (bits / 8);
  if (elements * bits % 8 != 0) {
    throw FormatError(path, fmt::format("tensor '{}', {}{}, does not end at a whole byte",
                                        info.name, info.stored, to_string(info.shape)));
  }
  return elements * bits / 8;
}

void check_tensor(const std::string& path, SafeTensorInfo& info) {
  const StoredType* type = find_type(info.stored);
  if (!type) {
    throw FormatError(
        path, fmt::format("tensor '{}' has the unknown dtype '{}'", info.name, info.stored));
  }
  info.dtype = type->dtype;
  const int64_t bytes = expected_bytes(path, info, type->bits);
  if (info.end < info.begin || info.end - info.begin != bytes) {
    throw FormatError(
        path, fmt::format("tensor '{}', {}{}, needs {} bytes, its offsets are {} to {}", info.name,
                          info.stored, to_string(info.shape), bytes, info.begin, info.end));
  }
}

/// Sorts by place, and checks that the tensors cover `bytes` bytes exactly.
void check_places(const std::string& path, std::vector<SafeTensorInfo>& tensors, int64_t bytes) {
  std::sort(tensors.begin(), tensors.end(), [](const auto& a, const auto& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  int64_t at = 0;
  for (const SafeTensorInfo& info : tensors) {
    if (info.begin != at) {
      throw FormatError(
          path, fmt::format(
                    "tensor '{}' begins at byte {} of the data, {} byte {}", info.name, info.begin,
                    info.begin < at ? "inside the one that ends at" : "leaving a gap after", at));
    }
    at = info.end;
  }
  if (at > bytes) {
    throw FormatError(
        path, fmt::format("truncated: the tensors need {} bytes, {} follow the header", at, bytes));
  }
  if (at < bytes) {
    throw FormatError(path, fmt::format("{} bytes follow the last tensor", bytes - at));
  }
}

int64_t header_bytes(const InputFile& file) {
  std::array<unsigned char, 8> raw{};
  file.read(0, raw.data(), 8);
  uint64_t bytes = 0;
  for (int i = 7; i >= 0; --i) bytes = bytes << 8 | raw[static_cast<size_t>(i)];
  if (bytes > static_cast<uint64_t>(file.size() - 8)) {
    // A zip, or the pickle with which files of old begin.
    const bool of_torch = (raw[0] == 'P' && raw[1] == 'K' && raw[2] == 3 && raw[3] == 4) ||
                          (raw[0] == 0x80 && raw[1] == 2 && raw[2] == 0x8a && raw[3] == 10);
    throw FormatError(file.path(),
                      fmt::format("no safetensors file, or truncated: its header should have {} "
                                  "bytes, the file has {}",
                                  bytes, file.size()),
                      of_torch ? "load_tensors reads it if torch.save wrote it" : "");
  }
  if (bytes > static_cast<uint64_t>(kMostHeaderBytes)) {
    throw FormatError(file.path(), fmt::format("safetensors header of {} bytes: at most {} make "
                                               "sense",
                                               bytes, kMostHeaderBytes));
  }
  return static_cast<int64_t>(bytes);
}

std::string quoted(const std::string& path, const std::string& text) {
  try {
    return Json(text).dump();
  } catch (const Json::exception&) {
    throw ValueError(path, "a tensor's name or the metadata is not valid UTF-8");
  }
}

}  // namespace

SafeTensorsHeader read_safetensors_header(const InputFile& file) {
  const int64_t bytes = header_bytes(file);
  std::string text(static_cast<size_t>(bytes), '\0');
  file.read(8, text.data(), bytes);
  if (text.empty() || text[0] != '{') {
    throw FormatError(file.path(), "safetensors header: it must begin with '{'");
  }
  SafeTensorsHeader header;
  HeaderReader reader(file.path(), header);
  Json::sax_parse(text, &reader);
  for (SafeTensorInfo& info : header.tensors) check_tensor(file.path(), info);
  check_places(file.path(), header.tensors, file.size() - 8 - bytes);
  for (SafeTensorInfo& info : header.tensors) {
    info.begin += 8 + bytes;
    info.end += 8 + bytes;
  }
  return header;
}

std::string write_safetensors_header(const std::string& path,
                                     const std::vector<SafeTensorInfo>& tensors,
                                     const Metadata& metadata) {
  std::string text = "{";
  if (!metadata.empty()) {
    text += fmt::format("\"{}\":{{", kMetadataKey);
    for (const auto& [key, value] : metadata) {
      text += (text.back() == '{' ? "" : ",") + quoted(path, key) + ":" + quoted(path, value);
    }
    text += "}";
  }
  for (const SafeTensorInfo& t : tensors) {
    text += fmt::format("{}{}:{{\"dtype\":\"{}\",\"shape\":[{}],\"data_offsets\":[{},{}]}}",
                        text.size() == 1 ? "" : ",", quoted(path, t.name), t.stored,
                        fmt::join(t.shape.begin(), t.shape.end(), ","), t.begin, t.end);
  }
  text += "}";
  text.resize((text.size() + 7) / 8 * 8, ' ');
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(text.size() >> (8 * i) & 0xff);
  return bytes + text;
}

std::string_view safetensors_name(DType dtype) {
  const auto* at =
      std::find_if(kTypes.begin(), kTypes.end(), [&](const auto& t) { return t.dtype == dtype; });
  return at->name;
}

}  // namespace strata::internal
