#include "strata/nn/state_dict.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/base/fields.h"
#include "strata/ops/copy.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"

namespace strata::nn {
namespace {

constexpr size_t kMostListed = 8;  // of each kind in an error message

Tensor to_file_layout(const Tensor& t, Layout layout) {
  return layout == Layout::conv_weight ? movedim(t, -1, 1) : t;
}

Tensor from_file_layout(const Tensor& t, Layout layout) {
  return layout == Layout::conv_weight && t.rank() > 2 ? movedim(t, 1, -1) : t;
}

bool fits(const NamedTensor& t, const Tensor& value) {
  return from_file_layout(value, t.layout).shape() == t.tensor->shape();
}

std::string with_nearest(const std::string& name, const std::vector<std::string>& candidates) {
  const std::string near = nearest_name(name, candidates);
  return near.empty() ? name : fmt::format("{} (near: {})", name, near);
}

void append_list(std::string& text, const char* title, const std::vector<std::string>& names,
                 const std::vector<std::string>& candidates) {
  if (names.empty()) return;
  text += fmt::format("; {} {}: ", names.size(), title);
  for (size_t i = 0; i < std::min(names.size(), kMostListed); ++i) {
    text += (i ? ", " : "") + with_nearest(names[i], candidates);
  }
  if (names.size() > kMostListed) text += ", ...";
}

[[noreturn]] void refuse(Module& module, const LoadReport& report) {
  std::string text = fmt::format("the weights do not fit {}", module.type());
  append_list(text, "missing", report.missing, report.unexpected);
  append_list(text, "unexpected", report.unexpected, report.missing);
  append_list(text, "of another shape", report.mismatched, {});
  throw ValueError("load_state_dict", text,
                   "strict = false, for the program --no-strict, takes what fits");
}

/// Under a name that two members have, one of them would be lost without a word.
void require_distinct_names(Module& module, const std::vector<NamedTensor>& places) {
  std::set<std::string_view> names;
  for (const NamedTensor& t : places) {
    if (names.insert(t.name).second) continue;
    throw ValueError(module.type(), fmt::format("two of its tensors have the name {}", t.name),
                     "each member needs a name of its own in members()");
  }
}

}  // namespace

StateDict state_dict(Module& module, StateDictOptions options) {
  const NoGrad no_grad;
  const std::vector<NamedTensor> places = module.named_places();
  require_distinct_names(module, places);
  StateDict out;
  std::unordered_map<const void*, Tensor> values;
  for (const NamedTensor& t : places) {
    const auto [at, is_first] = values.try_emplace(t.identity());
    if (is_first) at->second = copy(to_file_layout(*t.tensor, t.layout)).detach();
    if (is_first || options.all_names) out[t.name] = at->second;
  }
  return out;
}

LoadReport compare_state_dict(Module& module, const StateDict& state) {
  const NoGrad no_grad;
  LoadReport report;
  std::set<std::string> known;
  const std::vector<NamedTensor> places = module.named_places();
  require_distinct_names(module, places);
  std::unordered_set<const void*> given;
  for (const NamedTensor& t : places) {
    if (state.contains(t.name)) given.insert(t.identity());
  }
  for (const NamedTensor& t : module.named_tensors()) {
    if (t.name.ends_with("num_batches_tracked") || given.contains(t.identity())) continue;
    report.missing.push_back(t.name);
  }
  for (const NamedTensor& t : places) {
    known.insert(t.name);
    const auto at = state.find(t.name);
    if (at != state.end() && !fits(t, at->second)) {
      report.mismatched.push_back(fmt::format("{}: file {}, module {}", t.name,
                                              describe(at->second),
                                              describe(to_file_layout(*t.tensor, t.layout))));
    }
  }
  for (const auto& [name, value] : state) {
    if (!known.contains(name)) report.unexpected.push_back(name);
  }
  return report;
}

std::vector<std::string> lines_of(const LoadReport& report) {
  std::vector<std::string> lines;
  const auto list = [&](const char* what, const std::vector<std::string>& names,
                        const std::vector<std::string>& candidates) {
    for (const std::string& name : names) {
      lines.push_back(fmt::format("{}: {}", what, with_nearest(name, candidates)));
    }
  };
  list("missing", report.missing, report.unexpected);
  list("unexpected", report.unexpected, report.missing);
  list("of another shape", report.mismatched, {});
  return lines;
}

LoadReport load_state_dict(Module& module, StateDict state, LoadOptions options) {
  const NoGrad no_grad;
  LoadReport report = compare_state_dict(module, state);
  if (options.strict && !report.complete()) refuse(module, report);
  for (const NamedTensor& t : module.named_places()) {
    const auto at = state.find(t.name);
    if (at == state.end()) continue;
    if (fits(t, at->second)) copy_(*t.tensor, from_file_layout(at->second, t.layout));
    state.erase(at);
  }
  return report;
}

}  // namespace strata::nn
