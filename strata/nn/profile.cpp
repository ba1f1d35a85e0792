#include "strata/nn/profile.h"

#include <algorithm>

#include <fmt/format.h>

#include "strata/device/cpu_allocator.h"
#include "strata/io/file.h"

namespace strata::nn {
namespace {

constexpr double kMiB = 1 << 20;

/// The costliest first, without those that cost nothing at all.
std::vector<ProfileRow> sorted(std::vector<ProfileRow> rows) {
  std::erase_if(rows, [](const ProfileRow& r) {
    return r.calls == 0 && r.bytes == 0 && r.forward_ms + r.backward_ms == 0;
  });
  std::stable_sort(rows.begin(), rows.end(), [](const ProfileRow& a, const ProfileRow& b) {
    return a.forward_ms + a.backward_ms > b.forward_ms + b.backward_ms;
  });
  return rows;
}

/// The end of a long path says more than its beginning.
std::string cut(const std::string& name, size_t width) {
  return name.size() <= width ? name : ".." + name.substr(name.size() - width + 2);
}

std::string rows_as_text(const std::string& head, const std::vector<ProfileRow>& rows, size_t most,
                         double all_ms) {
  std::string out = fmt::format("{:<32} {:>7} {:>10} {:>10} {:>6} {:>10}\n", head, "calls",
                                "forward ms", "back ms", "share", "MiB");
  for (size_t i = 0; i < std::min(most, rows.size()); ++i) {
    const ProfileRow& r = rows[i];
    out += fmt::format("{:<32} {:>7} {:>10.4g} {:>10.4g} {:>5.1f}% {:>10.4g}\n", cut(r.name, 32),
                       r.calls, r.forward_ms, r.backward_ms,
                       100 * (r.forward_ms + r.backward_ms) / all_ms,
                       static_cast<double>(r.bytes) / kMiB);
  }
  if (rows.size() > most) out += fmt::format("and {} more\n", rows.size() - most);
  return out;
}

/// A name in JSON: ours hold neither control characters nor anything beyond ASCII.
std::string quoted(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

}  // namespace

Profile::Profile(Module* root) {
  layers_.push_back({.name = "(outside of layers)"});
  if (root) {
    for (const auto& [path, module] : root->named_modules()) {
      row_of_module_[module] = static_cast<int>(layers_.size());
      layers_.push_back(
          {.name = path.empty() ? module->type() : fmt::format("{} ({})", path, module->type())});
    }
  }
  reset_cpu_memory_peak();
  timer_.reset();
  listening_.emplace(static_cast<ActivityListener&>(*this));
  observing_.emplace(static_cast<CallObserver&>(*this));
}

void Profile::stop() {
  if (!listening_) return;
  close_op();
  observing_.reset();
  listening_.reset();
  seconds_ = timer_.seconds();
  peak_bytes_ = cpu_memory_stats().peak;
}

int Profile::layer_row(Module& module) {
  const auto [it, fresh] = row_of_module_.try_emplace(&module, 0);
  if (!fresh) return it->second;
  const std::string type = module.type();
  const auto same = std::find_if(layers_.begin(), layers_.end(),
                                 [&](const ProfileRow& r) { return r.name == type; });
  it->second = static_cast<int>(same - layers_.begin());
  if (same == layers_.end()) layers_.push_back({.name = type});
  return it->second;
}

int Profile::op_row(std::string_view name) {
  const auto it = row_of_op_.find(name);
  if (it != row_of_op_.end()) return it->second;
  const int row = static_cast<int>(ops_.size());
  row_of_op_.emplace(name, row);
  ops_.push_back({.name = std::string(name)});
  return row;
}

const Profile::Frame* Profile::way_back() const {
  for (auto it = frames_.rbegin(); it != frames_.rend(); ++it) {
    if (it->kind == Kind::backward) return &*it;
  }
  return nullptr;
}

void Profile::open_op(std::string_view name, bool backward) {
  close_op();
  open_op_ = op_row(name);
  op_backward_ = backward;
  op_start_ = timer_.seconds();
  ++ops_[static_cast<size_t>(open_op_)].calls;
}

void Profile::close_op() {
  if (open_op_ < 0) return;
  const double seconds = timer_.seconds() - op_start_;
  ProfileRow& op = ops_[static_cast<size_t>(open_op_)];
  (op_backward_ ? op.backward_ms : op.forward_ms) += 1e3 * seconds;
  add_event(Kind::op, open_op_, "", op_start_, seconds);
  open_op_ = -1;
}

void Profile::enter(Module& module) {
  close_op();
  const int row = layer_row(module);
  open_layers_.push_back(row);
  frames_.push_back({.kind = Kind::layer, .row = row, .name = "", .start = timer_.seconds()});
}

void Profile::leave(Module& module, const Tensor&) {
  close_op();
  const int row = layer_row(module);
  // Layers above it in the stack were left by an exception.
  while (!frames_.empty() && (frames_.back().kind != Kind::layer || frames_.back().row != row)) {
    frames_.pop_back();
  }
  if (!frames_.empty()) pop();
  while (open_layers_.size() > 1 && open_layers_.back() != row) open_layers_.pop_back();
  if (open_layers_.size() > 1) open_layers_.pop_back();
}

void Profile::begin(Activity kind, const char* name, uint64_t node) {
  Frame frame{.kind = Kind::phase, .row = 0, .name = name, .start = timer_.seconds()};
  if (kind == Activity::backward) {
    frame.kind = Kind::backward;
    if (const auto it = layer_of_node_.find(node); it != layer_of_node_.end()) {
      frame.row = it->second;
      layer_of_node_.erase(it);
    }
    open_op(name, true);
  } else {
    open_op(fmt::format("({})", name), false);
  }
  frames_.push_back(frame);
}

void Profile::end() {
  close_op();
  while (!frames_.empty() && frames_.back().kind == Kind::layer) {
    frames_.pop_back();  // left by an exception
    if (open_layers_.size() > 1) open_layers_.pop_back();
  }
  if (!frames_.empty()) pop();
}

void Profile::recorded(uint64_t node) { layer_of_node_[node] = open_layers_.back(); }

void Profile::allocated(int64_t bytes, const char* where) {
  const Frame* back = way_back();
  if (!back) open_op(where, false);
  ops_[static_cast<size_t>(back ? op_row(back->name) : open_op_)].bytes += bytes;
  layers_[static_cast<size_t>(back ? back->row : open_layers_.back())].bytes += bytes;
}

void Profile::pop() {
  const Frame frame = frames_.back();
  frames_.pop_back();
  const double seconds = timer_.seconds() - frame.start, own_ms = 1e3 * (seconds - frame.inner);
  for (auto it = frames_.rbegin(); it != frames_.rend(); ++it) {
    if (it->kind == frame.kind) {
      it->inner += seconds;
      break;
    }
  }
  ProfileRow& layer = layers_[static_cast<size_t>(frame.row)];
  if (frame.kind == Kind::layer) {
    ++layer.calls;
    layer.forward_ms += own_ms;
  } else if (frame.kind == Kind::backward) {
    layer.backward_ms += own_ms;
  }
  add_event(frame.kind, frame.row, frame.name, frame.start, seconds);
}

void Profile::add_event(Kind kind, int row, const char* name, double start, double seconds) {
  if (events_.size() == kMostEvents) {
    ++dropped_;
    return;
  }
  events_.push_back({.kind = kind,
                     .row = row,
                     .name = name,
                     .start = start,
                     .seconds = seconds,
                     .bytes_in_use = cpu_memory_stats().in_use});
}

double Profile::op_seconds() const {
  double ms = 0;
  for (const ProfileRow& r : ops_) {
    if (!r.name.starts_with("(")) ms += r.forward_ms + r.backward_ms;
  }
  return ms / 1e3;
}

std::vector<ProfileRow> Profile::layers() const { return sorted(layers_); }

std::vector<ProfileRow> Profile::ops() const { return sorted(ops_); }

std::string Profile::table(size_t most) const {
  const double all_ms = std::max(1e-9, 1e3 * seconds_);
  std::string out = fmt::format(
      "{:.4g} s, {:.1f} % of it inside of ops; at most {:.4g} MiB of memory at once\n\n", seconds_,
      100 * op_seconds() * 1e3 / all_ms, static_cast<double>(peak_bytes_) / kMiB);
  out += rows_as_text("layer, without those inside it", layers(), most, all_ms) + "\n";
  return out + rows_as_text("op, or (phase) outside of ops", ops(), most, all_ms);
}

void Profile::write_trace(const std::string& path) const {
  AtomicFile file(path);
  std::string text = "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n";
  static constexpr const char* kKinds[] = {"phase", "layer", "backward", "op"};
  for (const Event& e : events_) {
    const auto row = static_cast<size_t>(e.row);
    const std::string name = e.kind == Kind::layer      ? layers_[row].name
                             : e.kind == Kind::op       ? ops_[row].name
                             : e.kind == Kind::backward ? fmt::format("{} backward", e.name)
                                                        : e.name;
    text += fmt::format(
        R"({{"name":{},"cat":"{}","ph":"X","ts":{:.3f},"dur":{:.3f},"pid":1,"tid":1)", quoted(name),
        kKinds[static_cast<size_t>(e.kind)], e.start * 1e6, e.seconds * 1e6);
    if (e.kind == Kind::backward) {
      text += fmt::format(R"(,"args":{{"layer":{}}})", quoted(layers_[row].name));
    }
    text += fmt::format(
        "}},\n{{\"name\":\"memory\",\"ph\":\"C\",\"ts\":{:.3f},\"pid\":1,\"args\":{{\"MiB\":{:.3f}}"
        "}"
        "}},\n",
        (e.start + e.seconds) * 1e6, static_cast<double>(e.bytes_in_use) / kMiB);
    if (text.size() > 1 << 20) {
      file.write(text.data(), static_cast<int64_t>(text.size()));
      text.clear();
    }
  }
  text += fmt::format(
      "{{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":1,\"args\":{{\"name\":\"strata\","
      "\"events left out\":{}}}}}\n]}}\n",
      dropped_);
  file.write(text.data(), static_cast<int64_t>(text.size()));
  file.commit();
}

}  // namespace strata::nn
