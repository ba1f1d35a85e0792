#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "strata/base/error.h"
#include "strata/io/safetensors_header.h"

namespace strata::internal {
namespace {

using Json = nlohmann::json;

/// Takes "weight_map" of an index, {tensor: file}, and skips everything else.
class IndexReader : public nlohmann::json_sax<Json> {
 public:
  IndexReader(const std::string& path, std::map<std::string, std::string>& out)
      : path_(path), out_(out) {}

  bool start_object(size_t) override {
    if (in_map_) fail(fmt::format("'{}' must name a file", key_));
    if (depth_ == 1 && key_ == "weight_map") in_map_ = found_ = true;
    return deeper();
  }
  bool end_object() override {
    in_map_ = false;
    return --depth_, true;
  }
  bool start_array(size_t) override {
    if (in_map_) fail(fmt::format("'{}' must name a file", key_));
    return deeper();
  }
  bool end_array() override { return --depth_, true; }
  bool key(std::string& key) override {
    key_ = key;
    if (depth_ == 1 && key == "weight_map" && found_) fail("two weight maps");
    if (in_map_ && !out_.emplace(key, std::string()).second) {
      fail(fmt::format("the tensor '{}' stands there twice", key));
    }
    return true;
  }
  bool string(std::string& text) override {
    if (in_map_) out_[key_] = text;
    return true;
  }
  bool null() override { return other(); }
  bool boolean(bool) override { return other(); }
  bool number_integer(int64_t) override { return other(); }
  bool number_unsigned(uint64_t) override { return other(); }
  bool number_float(double, const std::string&) override { return other(); }
  bool binary(Json::binary_t&) override { return other(); }
  bool parse_error(size_t position, const std::string&, const Json::exception&) override {
    fail(fmt::format("bad JSON at byte {}", position));
  }
  void finish() const {
    if (!found_) fail("no object \"weight_map\"");
  }

 private:
  bool deeper() {
    if (++depth_ > 32) fail("nested too deeply");
    return true;
  }
  bool other() const {
    if (in_map_) fail(fmt::format("'{}' must name a file", key_));
    return true;
  }
  [[noreturn]] void fail(const std::string& fault) const {
    throw FormatError(path_, "safetensors index: " + fault);
  }

  const std::string& path_;
  std::map<std::string, std::string>& out_;
  std::string key_;
  int depth_ = 0;
  bool in_map_ = false;
  bool found_ = false;
};

}  // namespace

std::map<std::string, std::string> read_safetensors_index(const std::string& path,
                                                          const std::string& text) {
  std::map<std::string, std::string> files;
  IndexReader reader(path, files);
  Json::sax_parse(text, &reader);
  reader.finish();
  return files;
}

}  // namespace strata::internal
