#include <algorithm>
#include <cmath>
#include <ostream>

#include <fmt/format.h>

#include "strata/tensor/tensor.h"

namespace strata {
namespace {

constexpr int64_t kEdge = 3;          // elements shown at each end of a long axis
constexpr int64_t kSummarise = 1000;  // tensors larger than this are shortened

std::string number(double v, bool floating) {
  if (!floating) return fmt::format("{}", static_cast<int64_t>(v));
  if (std::isnan(v)) return "nan";
  if (std::isinf(v)) return v > 0 ? "inf" : "-inf";
  const double a = std::abs(v);
  if (a != 0 && (a < 1e-4 || a >= 1e6)) return fmt::format("{:.4e}", v);
  return fmt::format("{:.4f}", v);
}

/// Collects the shown numbers, then lays them out with one width.
class Printer {
 public:
  explicit Printer(const Tensor& t)
      : t_(t), shorten_(t.numel() > kSummarise), values_(t.to_vector<double>()) {}

  std::string text() {
    emit(0, 0, false);  // the first pass measures
    out_.clear();
    emit(0, 0, true);
    return out_;
  }

 private:
  void emit(int axis, int64_t at, bool write) {
    if (axis == t_.rank()) {
      const std::string s = number(values_[static_cast<size_t>(at)], is_floating(t_.dtype()));
      width_ = std::max(width_, s.size());
      if (write) out_ += fmt::format("{:>{}}", s, width_);
      return;
    }
    const int64_t n = t_.shape()[axis];
    int64_t step = 1;
    for (int i = axis + 1; i < t_.rank(); ++i) step *= t_.shape()[i];
    out_ += '[';
    for (int64_t i = 0; i < n; ++i) {
      if (i) separate(axis);
      if (shorten_ && i == kEdge && n > 2 * kEdge) {
        out_ += "...";
        separate(axis);
        i = n - kEdge;
      }
      emit(axis + 1, at + i * step, write);
    }
    out_ += ']';
  }

  void separate(int axis) {
    if (axis == t_.rank() - 1) {
      out_ += ", ";
    } else {
      out_ += ",\n" + std::string(static_cast<size_t>(axis + 1), ' ');
    }
  }

  const Tensor& t_;
  bool shorten_;
  std::vector<double> values_;
  size_t width_ = 0;
  std::string out_;
};

}  // namespace

std::string to_string(const Tensor& t) {
  if (!t.defined() || t.is_meta()) return describe(t);
  return Printer(t).text() + " " + describe(t);
}

std::ostream& operator<<(std::ostream& out, const Tensor& t) { return out << to_string(t); }

}  // namespace strata
