#include "strata/io/pth_tree.h"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/io/checked_shape.h"

namespace strata::internal {
namespace {

using Kind = PickleNode::Kind;

constexpr int kDeepest = 32;
constexpr size_t kMostTensors = 200'000;
constexpr size_t kLongestName = 1000;
constexpr std::array<std::string_view, 5> kWrappers = {"state_dict", "model_state_dict", "model",
                                                       "params", "net"};

struct StorageType {
  std::string_view name;
  std::optional<DType> dtype;
  int64_t width;
};
constexpr std::array<StorageType, 13> kTypes = {{{"FloatStorage", DType::f32, 4},
                                                 {"DoubleStorage", DType::f64, 8},
                                                 {"HalfStorage", DType::f16, 2},
                                                 {"BFloat16Storage", DType::bf16, 2},
                                                 {"LongStorage", DType::i64, 8},
                                                 {"IntStorage", DType::i32, 4},
                                                 {"ShortStorage", std::nullopt, 2},
                                                 {"CharStorage", DType::i8, 1},
                                                 {"ByteStorage", DType::u8, 1},
                                                 {"BoolStorage", DType::boolean, 1},
                                                 {"ComplexFloatStorage", std::nullopt, 8},
                                                 {"ComplexDoubleStorage", std::nullopt, 16},
                                                 {"storage.UntypedStorage", std::nullopt, 1}}};

class Interpreter {
 public:
  Interpreter(const std::string& path, const PickleTree& tree) : path_(path), tree_(tree) {}

  PthContent run() {
    walk("", unwrap(tree_.root), 0);
    strip_module();
    std::sort(out_.tensors.begin(), out_.tensors.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    const auto twice =
        std::adjacent_find(out_.tensors.begin(), out_.tensors.end(),
                           [](const auto& a, const auto& b) { return a.name == b.name; });
    if (twice != out_.tensors.end())
      fail(fmt::format("the tensor '{}' is in it twice", twice->name));
    return std::move(out_);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { throw FormatError(path_, what); }
  const PickleNode& node(int32_t i) const { return tree_[i]; }

  bool is_tensor(const PickleNode& n) const { return n.kind == Kind::call; }

  /// The weights in a checkpoint that keeps them beside other things.
  int32_t unwrap(int32_t root) const {
    for (int depth = 0; depth < 3; ++depth) {
      const PickleNode& n = node(root);
      if (n.kind != Kind::dict) return root;
      std::map<std::string_view, int32_t> dicts;
      for (size_t i = 0; i + 1 < n.items.size(); i += 2) {
        const PickleNode& key = node(n.items[i]);
        const PickleNode& value = node(n.items[i + 1]);
        if (is_tensor(value)) return root;
        if (key.kind == Kind::text && value.kind == Kind::dict) dicts[key.text] = n.items[i + 1];
      }
      const auto wrapper = std::find_if(kWrappers.begin(), kWrappers.end(),
                                        [&](std::string_view w) { return dicts.contains(w); });
      if (wrapper == kWrappers.end()) return root;
      root = dicts[*wrapper];
    }
    return root;
  }

  void walk(const std::string& name, int32_t at, int depth) {
    if (depth > kDeepest) fail("dicts in dicts without end");
    if (++visits_ > kMostTensors || name.size() > kLongestName) fail("absurdly many or long names");
    const PickleNode& n = node(at);
    const std::string dot = name.empty() ? "" : name + ".";
    switch (n.kind) {
      case Kind::dict:
        for (size_t i = 0; i + 1 < n.items.size(); i += 2) {
          walk(dot + key_text(node(n.items[i])), n.items[i + 1], depth + 1);
        }
        break;
      case Kind::list:
      case Kind::tuple:
        for (size_t i = 0; i < n.items.size(); ++i) {
          walk(dot + std::to_string(i), n.items[i], depth + 1);
        }
        break;
      case Kind::call: add_tensor(name.empty() ? "tensor" : name, n, depth); break;
      case Kind::boolean: out_.metadata[name] = n.integer ? "true" : "false"; break;
      case Kind::integer: out_.metadata[name] = std::to_string(n.integer); break;
      case Kind::real: out_.metadata[name] = fmt::format("{}", n.real); break;
      case Kind::text: out_.metadata[name] = n.text.substr(0, kLongestName); break;
      case Kind::none:
      case Kind::global:
      case Kind::persistent: break;
    }
  }

  std::string key_text(const PickleNode& key) const {
    if (key.kind == Kind::text && key.text.size() <= kLongestName) return key.text;
    if (key.kind == Kind::integer) return std::to_string(key.integer);
    fail("a dict whose keys are neither text nor numbers");
  }

  int64_t integer(int32_t at) const {
    if (node(at).kind != Kind::integer) fail("a tensor whose sizes are no numbers");
    return node(at).integer;
  }

  Dims dims(int32_t at) const {
    const PickleNode& n = node(at);
    if (n.kind != Kind::tuple || n.items.size() > kMaxRank) {
      fail(fmt::format("a tensor of {} axes; Strata has up to {}", n.items.size(), kMaxRank));
    }
    Dims out;
    for (const int32_t i : n.items) out.push_back(integer(i));
    return out;
  }

  void add_tensor(const std::string& name, const PickleNode& call, int depth) {
    if (call.text == "torch._utils._rebuild_parameter") {
      const bool right =
          !call.items.empty() && depth <= kDeepest && node(call.items[0]).kind == Kind::call;
      if (!right) fail(fmt::format("'{}' is a parameter without a tensor", name));
      return add_tensor(name, node(call.items[0]), depth + 1);
    }
    if (call.items.size() < 6) fail(fmt::format("'{}' lacks what makes a tensor", name));
    PthTensorInfo info;
    info.name = name;
    info.storage = storage_of(call.items[0], info);
    info.offset = integer(call.items[1]);
    info.shape = dims(call.items[2]);
    info.strides = dims(call.items[3]);
    if (call.text == "torch._utils._rebuild_tensor_v3") {
      read_dtype(call, info);
    } else if (call.items.size() > 6) {
      read_marks(node(call.items[6]), info);
    }
    check_bounds(info);
    out_.tensors.push_back(std::move(info));
  }

  /// Of a tensor whose storage has none. They all are lacking in Strata.
  void read_dtype(const PickleNode& call, PthTensorInfo& info) const {
    const bool named = call.items.size() > 6 && node(call.items[6]).kind == Kind::global;
    if (!named) fail(fmt::format("'{}' lacks its dtype", info.name));
    info.stored = node(call.items[6]).text.substr(6);  // without "torch."
    info.dtype.reset();
    info.width = info.stored == "uint64"   ? 8
                 : info.stored == "uint32" ? 4
                 : info.stored == "uint16" ? 2
                                           : 1;
  }

  /// What PyTorch notes of a lazy view: {'neg': True} of z.conj().imag.
  void read_marks(const PickleNode& marks, PthTensorInfo& info) const {
    if (marks.kind == Kind::none) return;
    if (marks.kind != Kind::dict) fail(fmt::format("'{}' has marks that are no dict", info.name));
    for (size_t i = 0; i + 1 < marks.items.size(); i += 2) {
      const std::string mark = key_text(node(marks.items[i]));
      const PickleNode& value = node(marks.items[i + 1]);
      if (value.kind == Kind::boolean && value.integer == 0) continue;
      if (mark != "neg" || value.kind != Kind::boolean || !info.dtype ||
          !is_floating(*info.dtype)) {
        fail(fmt::format("'{}' has the mark '{}', which is not supported", info.name, mark));
      }
      info.negated = true;
    }
  }

  /// The place of the last element must be in the storage.
  void check_bounds(const PthTensorInfo& t) const {
    const int64_t count = out_.storages[static_cast<size_t>(t.storage)].bytes / t.width;
    const auto outside = [&] { fail(fmt::format("the tensor '{}' leaves its storage", t.name)); };
    if (t.strides.rank() != t.shape.rank() || t.offset < 0 || t.offset > count) outside();
    for (int i = 0; i < t.shape.rank(); ++i) {
      if (t.shape[i] < 0 || t.strides[i] < 0) outside();
    }
    if (checked_elements(path_, t.shape, fmt::format(" of tensor '{}'", t.name)) == 0) return;
    int64_t left = count - t.offset - 1;
    for (int i = 0; i < t.shape.rank(); ++i) {
      const int64_t steps = t.shape[i] - 1;
      if (steps == 0) continue;
      if (t.strides[i] > std::max<int64_t>(left, 0) / steps) outside();
      left -= steps * t.strides[i];
    }
    if (left < 0) outside();
  }

  /// ("storage", torch.FloatStorage, key, device, elements, and in old files a view of it).
  int storage_of(int32_t at, PthTensorInfo& info) {
    const PickleNode& p = node(at);
    const PickleNode* id = p.kind == Kind::persistent ? &node(p.items[0]) : nullptr;
    if (!id || id->kind != Kind::tuple || id->items.size() < 5 ||
        node(id->items[1]).kind != Kind::global || node(id->items[2]).kind != Kind::text) {
      fail(fmt::format("'{}' lies in no storage", info.name));
    }
    if (id->items.size() > 5 && node(id->items[5]).kind != Kind::none) {
      fail(fmt::format("'{}' lies in a view of a storage, as only PyTorch before 0.4 wrote",
                       info.name));
    }
    info.stored = node(id->items[1]).text.substr(6);  // without "torch."
    const auto type = std::find_if(kTypes.begin(), kTypes.end(),
                                   [&](const StorageType& t) { return t.name == info.stored; });
    if (type == kTypes.end()) {
      fail(fmt::format("'{}' is a {}, a dtype that is not known", info.name, info.stored));
    }
    info.dtype = type->dtype;
    info.width = type->width;
    PthStorage s{node(id->items[2]).text, type->dtype, integer(id->items[4]), 0};
    if (s.count < 0 || s.count > std::numeric_limits<int64_t>::max() / 64) {
      fail(fmt::format("the storage '{}' has {} elements", s.key, s.count));
    }
    s.bytes = s.count * type->width;
    const auto [it, fresh] = index_.emplace(s.key, static_cast<int>(out_.storages.size()));
    if (fresh) {
      out_.storages.push_back(std::move(s));
    } else {
      const PthStorage& known = out_.storages[static_cast<size_t>(it->second)];
      if (known.dtype != s.dtype || known.bytes != s.bytes) {
        fail(fmt::format("the storage '{}' has two sizes or dtypes", s.key));
      }
    }
    return it->second;
  }

  /// DataParallel's prefix, which is on all names or on none.
  void strip_module() {
    constexpr std::string_view kPrefix = "module.";
    const bool all = std::all_of(out_.tensors.begin(), out_.tensors.end(),
                                 [&](const auto& t) { return t.name.starts_with(kPrefix); });
    if (!all) return;
    for (PthTensorInfo& t : out_.tensors) t.name.erase(0, kPrefix.size());
  }

  const std::string& path_;
  const PickleTree& tree_;
  PthContent out_;
  std::map<std::string, int> index_;
  size_t visits_ = 0;
};

}  // namespace

PthContent interpret_pth(const std::string& path, const PickleTree& tree) {
  return Interpreter(path, tree).run();
}

}  // namespace strata::internal
