#include "strata/nn/state_dict.h"

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/base/fields.h"
#include "strata/ops/copy.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"

namespace strata::nn {
namespace {

constexpr size_t kMostListed = 8;  // of each kind in an error message

/// t with an axis moved to another place.
Tensor move_axis(const Tensor& t, int from, int to) {
  Dims order;
  for (int i = 0; i < t.rank(); ++i) order.push_back(i);
  order.erase(from);
  order.insert(to, from);
  return permute(t, order);
}

Tensor to_file_layout(const Tensor& t, Layout layout) {
  return layout == Layout::conv_weight ? move_axis(t, t.rank() - 1, 1) : t;
}

Tensor from_file_layout(const Tensor& t, Layout layout) {
  return layout == Layout::conv_weight && t.rank() > 2 ? move_axis(t, 1, t.rank() - 1) : t;
}

void append_list(std::string& text, const char* title, const std::vector<std::string>& names,
                 const std::vector<std::string>& candidates) {
  if (names.empty()) return;
  text += fmt::format("; {} {}: ", names.size(), title);
  for (size_t i = 0; i < std::min(names.size(), kMostListed); ++i) {
    const std::string near = nearest_name(names[i], candidates);
    text += (i ? ", " : "") + names[i];
    if (!near.empty()) text += fmt::format(" (near: {})", near);
  }
  if (names.size() > kMostListed) text += ", ...";
}

[[noreturn]] void refuse(Module& module, const LoadReport& report) {
  std::string text = fmt::format("the weights do not fit {}", module.type());
  append_list(text, "missing", report.missing, report.unexpected);
  append_list(text, "unexpected", report.unexpected, report.missing);
  append_list(text, "of another shape", report.mismatched, {});
  throw ValueError("load_state_dict", text, "strict = false takes what fits");
}

}  // namespace

StateDict state_dict(Module& module) {
  const NoGrad no_grad;
  StateDict out;
  for (const NamedTensor& t : module.named_tensors()) {
    out[t.name] = copy(to_file_layout(*t.tensor, t.layout)).detach();
  }
  return out;
}

LoadReport load_state_dict(Module& module, const StateDict& state, LoadOptions options) {
  const NoGrad no_grad;
  LoadReport report;
  std::vector<std::pair<NamedTensor, Tensor>> matches;
  StateDict rest = state;
  for (const NamedTensor& t : module.named_tensors()) {
    const auto it = rest.find(t.name);
    if (it == rest.end()) {
      if (!t.name.ends_with("num_batches_tracked")) report.missing.push_back(t.name);
      continue;
    }
    const Tensor value = from_file_layout(it->second, t.layout);
    if (value.shape() == t.tensor->shape()) {
      matches.emplace_back(t, value);
    } else {
      report.mismatched.push_back(fmt::format("{}: file {}, module {}", t.name,
                                              describe(it->second),
                                              describe(to_file_layout(*t.tensor, t.layout))));
    }
    rest.erase(it);
  }
  for (const auto& [name, value] : rest) report.unexpected.push_back(name);
  if (options.strict && !report.complete()) refuse(module, report);
  for (auto& [t, value] : matches) copy_(*t.tensor, value);
  return report;
}

}  // namespace strata::nn
