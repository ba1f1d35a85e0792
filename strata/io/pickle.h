#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace strata::internal {

/// What a pickle holds, as plain data: nothing is imported, called or made. A call of a Python
/// function is a node that names it.
struct PickleNode {
  enum class Kind {
    none,
    boolean,     ///< integer
    integer,     ///< integer
    real,        ///< real
    text,        ///< text
    tuple,       ///< items
    list,        ///< items
    dict,        ///< items: key, value, key, value, ...
    global,      ///< text: "torch.FloatStorage"
    call,        ///< text: the function; items: its arguments
    persistent,  ///< items: what stands for something that is stored elsewhere
  };
  Kind kind = Kind::none;
  int64_t integer = 0;
  double real = 0;
  std::string text = {};
  std::vector<int32_t> items = {};  ///< numbers of nodes; they may form cycles
};

struct PickleTree {
  std::vector<PickleNode> nodes;
  int32_t root = 0;
  size_t bytes = 0;  ///< that the pickle took

  const PickleNode& operator[](int32_t i) const { return nodes[static_cast<size_t>(i)]; }
};

/// Reads the pickle at the start of `bytes` by the instructions that files of tensors are made of.
/// Throws FormatError, tagged `path`, that names any other instruction, any global beside
/// collections.OrderedDict and PyTorch's storages, rebuild functions and dtypes, and a pickle that
/// is cut off, ill-formed or beyond all size.
PickleTree read_pickle(const std::string& path, std::span<const unsigned char> bytes);

}  // namespace strata::internal
