#include "strata/io/pickle.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "strata/base/error.h"

namespace strata::internal {
namespace {

using Kind = PickleNode::Kind;

constexpr size_t kMostNodes = 2'000'000;
constexpr size_t kMostArguments = 8, kLongestName = 80;
constexpr int32_t kMark = -1;
constexpr std::string_view kOrderedDict = "collections.OrderedDict";
constexpr std::array<std::string_view, 4> kFunctions = {
    kOrderedDict, "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor_v3",
    "torch._utils._rebuild_parameter"};
constexpr std::array<std::string_view, 3> kIntegers = {"torch.uint16", "torch.uint32",
                                                       "torch.uint64"};

/// Whether each byte belongs to a well-formed sequence of UTF-8 (lengths and continuation bytes).
bool is_utf8(std::span<const unsigned char> text) {
  for (size_t i = 0; i < text.size();) {
    const unsigned char c = text[i];
    const size_t length = c < 0x80                ? 1
                          : c >= 0xc2 && c < 0xe0 ? 2
                          : c >= 0xe0 && c < 0xf0 ? 3
                          : c >= 0xf0 && c < 0xf5 ? 4
                                                  : 0;
    if (length == 0 || length > text.size() - i) return false;
    for (size_t k = 1; k < length; ++k) {
      if ((text[i + k] & 0xc0) != 0x80) return false;
    }
    if ((c == 0xe0 && text[i + 1] < 0xa0) || (c == 0xed && text[i + 1] > 0x9f) ||
        (c == 0xf0 && text[i + 1] < 0x90) || (c == 0xf4 && text[i + 1] > 0x8f)) {
      return false;
    }
    i += length;
  }
  return true;
}

bool is_function(std::string_view name) {
  return std::find(kFunctions.begin(), kFunctions.end(), name) != kFunctions.end();
}

bool is_storage(std::string_view name) {
  if (!name.starts_with("torch.") || !name.ends_with("Storage")) return false;
  if (name.size() > kLongestName) return false;
  if (name == "torch.storage.UntypedStorage") return true;
  name.remove_prefix(6);
  return name.find('.') == std::string_view::npos;
}

/// Of those whose tensors lie in a storage of mere bytes.
bool is_dtype(std::string_view name) {
  return std::find(kIntegers.begin(), kIntegers.end(), name) != kIntegers.end() ||
         (name.starts_with("torch.float8_") && name.size() <= kLongestName);
}

/// Python's names of the instructions that are refused.
std::string_view name_of(unsigned char opcode) {
  switch (opcode) {
    case 'i': return "INST";
    case 'o': return "OBJ";
    case 'P': return "PERSID";
    case 'I': return "INT";
    case 'F': return "FLOAT";
    case 'S': return "STRING";
    case 'V': return "UNICODE";
    case 'L': return "LONG";
    case '0': return "POP";
    case '1': return "POP_MARK";
    case '2': return "DUP";
    case 'd': return "DICT";
    case 'l': return "LIST";
    case 'g': return "GET";
    case 'p': return "PUT";
    case 0x81: return "NEWOBJ";
    case 0x82: return "EXT1";
    case 0x83: return "EXT2";
    case 0x84: return "EXT4";
    case 0x8f: return "EMPTY_SET";
    case 0x92: return "NEWOBJ_EX";
    case 0x96: return "BYTEARRAY8";
    default: return {};
  }
}

class Machine {
 public:
  Machine(const std::string& path, std::span<const unsigned char> bytes)
      : path_(path), bytes_(bytes) {}

  PickleTree run() {
    while (step()) {
    }
    tree_.root = pop();
    tree_.bytes = at_;
    return std::move(tree_);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw FormatError(path_, fmt::format("pickle, byte {}: {}", begin_, what));
  }

  // ------------------------------------------------------------------------------ reading bytes
  std::span<const unsigned char> take(uint64_t count) {
    if (count > bytes_.size() - at_) fail("cut off");
    at_ += count;
    return bytes_.subspan(at_ - count, count);
  }
  uint64_t number(size_t width) {
    uint64_t value = 0;
    const auto bytes = take(width);
    for (size_t i = width; i-- > 0;) value = value << 8 | bytes[i];
    return value;
  }
  std::string text(uint64_t length) {
    const auto bytes = take(length);
    if (!is_utf8(bytes)) fail("text that is not UTF-8");
    return {bytes.begin(), bytes.end()};
  }
  std::string line() {
    std::string out;
    for (unsigned char c = take(1)[0]; c != '\n'; c = take(1)[0]) out += static_cast<char>(c);
    return out;
  }

  // ------------------------------------------------------------------------------ nodes and stack
  PickleNode& node(int32_t i) { return tree_.nodes[static_cast<size_t>(i)]; }
  void push(PickleNode n) {
    if (tree_.nodes.size() >= kMostNodes) fail("too many values for any file of tensors");
    tree_.nodes.push_back(std::move(n));
    stack_.push_back(static_cast<int32_t>(tree_.nodes.size()) - 1);
  }
  void push(Kind kind, int64_t integer = 0) { push({.kind = kind, .integer = integer}); }
  void push_text(std::string value) { push({.kind = Kind::text, .text = std::move(value)}); }
  int32_t pop() {
    if (stack_.empty() || stack_.back() == kMark) fail("takes a value where there is none");
    const int32_t i = stack_.back();
    stack_.pop_back();
    return i;
  }
  int32_t top() const {
    if (stack_.empty() || stack_.back() == kMark) fail("takes a value where there is none");
    return stack_.back();
  }
  std::vector<int32_t> pop_to_mark() {
    const auto mark = std::find(stack_.rbegin(), stack_.rend(), kMark);
    if (mark == stack_.rend()) fail("goes back to a mark that is not there");
    std::vector<int32_t> items(mark.base(), stack_.end());
    stack_.erase(mark.base() - 1, stack_.end());
    return items;
  }
  void push_tuple(size_t count) {
    std::vector<int32_t> items(count);
    for (size_t i = count; i-- > 0;) items[i] = pop();
    push({.kind = Kind::tuple, .items = std::move(items)});
  }
  void add_to(Kind kind, const std::vector<int32_t>& items) {
    PickleNode& target = node(top());
    if (target.kind != kind || (kind == Kind::dict && items.size() % 2 != 0)) {
      fail("adds to what is no such container");
    }
    target.items.insert(target.items.end(), items.begin(), items.end());
  }
  void remember(uint64_t key) { memo_[key] = top(); }
  void recall(uint64_t key) {
    const auto it = memo_.find(key);
    if (it == memo_.end()) fail("recalls a value that was not remembered");
    stack_.push_back(it->second);
    if (stack_.size() > kMostNodes) fail("too many values for any file of tensors");
  }

  // ------------------------------------------------------------------------------ instructions
  void push_global(const std::string& module, const std::string& name) {
    const std::string full = module + "." + name;
    if (!is_function(full) && !is_storage(full) && !is_dtype(full)) {
      fail(fmt::format("names {}, which no file of tensors needs: refused",
                       full.substr(0, kLongestName)));
    }
    push({.kind = Kind::global, .text = full});
  }

  void call() {
    const int32_t arguments = pop(), function = pop();
    if (node(function).kind != Kind::global || !is_function(node(function).text) ||
        node(arguments).kind != Kind::tuple || node(arguments).items.size() > kMostArguments) {
      fail("calls what is no function for tensors: refused");
    }
    const std::string name = node(function).text;
    std::vector<int32_t> items = node(arguments).items;
    if (name != kOrderedDict) {
      push({.kind = Kind::call, .text = name, .items = std::move(items)});
      return;
    }
    if (!items.empty()) fail("makes an OrderedDict of something: refused");
    push(Kind::dict);
  }

  /// State dicts carry "_metadata" as an attribute; it says nothing about the tensors.
  void build() {
    pop();
    if (node(top()).kind != Kind::dict) fail("sets the state of an object: refused");
  }

  void push_long() {
    const size_t width = number(1);
    const auto bytes = take(width);
    if (width > 8) {  // PyTorch's magic number has ten bytes; it is known by its digits
      std::string digits;
      for (size_t i = width; i-- > 0;) digits += fmt::format("{:02x}", bytes[i]);
      return push_text(digits);
    }
    uint64_t value = width > 0 && bytes[width - 1] & 0x80 ? ~uint64_t{0} : 0;
    for (size_t i = width; i-- > 0;) value = value << 8 | bytes[i];
    push(Kind::integer, static_cast<int64_t>(value));
  }

  bool push_value(unsigned char opcode) {
    switch (opcode) {
      case 'N': return push(Kind::none), true;
      case 0x88: return push(Kind::boolean, 1), true;
      case 0x89: return push(Kind::boolean, 0), true;
      case 'J': return push(Kind::integer, static_cast<int32_t>(number(4))), true;
      case 'K': return push(Kind::integer, static_cast<int64_t>(number(1))), true;
      case 'M': return push(Kind::integer, static_cast<int64_t>(number(2))), true;
      case 0x8a: return push_long(), true;
      case 'G': {
        uint64_t bits = 0;
        for (const unsigned char byte : take(8)) bits = bits << 8 | byte;
        push({.kind = Kind::real, .real = std::bit_cast<double>(bits)});
        return true;
      }
      case 'X':
      case 'T': return push_text(text(number(4))), true;
      case 0x8c:
      case 'U': return push_text(text(number(1))), true;
      case '}': return push(Kind::dict), true;
      case ']': return push(Kind::list), true;
      case ')': return push(Kind::tuple), true;
      default: return false;
    }
  }

  bool combine(unsigned char opcode) {
    switch (opcode) {
      case '(':
        stack_.push_back(kMark);
        if (stack_.size() > kMostNodes) fail("too many values for any file of tensors");
        return true;
      case 't': return push({.kind = Kind::tuple, .items = pop_to_mark()}), true;
      case 0x85: return push_tuple(1), true;
      case 0x86: return push_tuple(2), true;
      case 0x87: return push_tuple(3), true;
      case 'a': return add_to(Kind::list, {pop()}), true;
      case 'e': return add_to(Kind::list, pop_to_mark()), true;
      case 's': {
        const int32_t value = pop(), key = pop();
        return add_to(Kind::dict, {key, value}), true;
      }
      case 'u': return add_to(Kind::dict, pop_to_mark()), true;
      case 'q': return remember(number(1)), true;
      case 'r': return remember(number(4)), true;
      case 0x94: return remember(memo_.size()), true;
      case 'h': return recall(number(1)), true;
      case 'j': return recall(number(4)), true;
      default: return false;
    }
  }

  /// One instruction; false after the last.
  bool step() {
    begin_ = at_;
    const unsigned char opcode = take(1)[0];
    if (push_value(opcode) || combine(opcode)) return true;
    switch (opcode) {
      case 0x80: take(1); return true;
      case 0x95: take(8); return true;
      case 'c': {
        const std::string module = line();
        push_global(module, line());
        return true;
      }
      case 0x93: {
        const int32_t name = pop(), module = pop();
        if (node(name).kind != Kind::text || node(module).kind != Kind::text) fail("no name");
        push_global(std::string(node(module).text), std::string(node(name).text));
        return true;
      }
      case 'R': call(); return true;
      case 'b': build(); return true;
      case 'Q': {
        const int32_t id = pop();
        push({.kind = Kind::persistent, .items = {id}});
        return true;
      }
      case '.': return false;
      default: break;
    }
    const std::string_view name = name_of(opcode);
    fail(fmt::format("the opcode {} (0x{:02x}), which no file of tensors needs: refused",
                     name.empty() ? "unknown" : name, opcode));
  }

  const std::string& path_;
  std::span<const unsigned char> bytes_;
  size_t at_ = 0, begin_ = 0;
  PickleTree tree_;
  std::vector<int32_t> stack_;
  std::unordered_map<uint64_t, int32_t> memo_;
};

}  // namespace

PickleTree read_pickle(const std::string& path, std::span<const unsigned char> bytes) {
  return Machine(path, bytes).run();
}

}  // namespace strata::internal
