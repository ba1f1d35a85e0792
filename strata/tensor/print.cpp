#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <ostream>
#include <string>
#include <type_traits>
#include <vector>

#include <fmt/format.h>

#include "strata/tensor/tensor.h"

namespace strata {
namespace {

constexpr int64_t kEdge = 3;          // elements shown at each end of a long axis
constexpr int64_t kSummarise = 1000;  // tensors larger than this are shortened
constexpr size_t kLineWidth = 75;
constexpr int kPrecision = 8;  // digits behind the point

/// A number's text in parts, so that a column can be lined up at the point.
struct Digits {
  std::string whole;     // with the sign
  std::string fraction;  // without trailing zeros
  std::string exponent;  // "e+05", or nothing
};

// Not std::stod, which throws for subnormal numbers.
double read(const std::string& s) { return std::strtod(s.c_str(), nullptr); }

/// v as the f64 nearest to the shortest decimal that reads back as the same S: 0.1 for an f16 0.1.
template <class S>
double decimal(S v) {
  const auto exact = static_cast<double>(static_cast<float>(v));
  if (!std::isfinite(exact)) return exact;
  constexpr int kMostDigits = 9;
  for (int n = 1; n < kMostDigits; ++n) {
    const double rounded = read(fmt::format("{:.{}g}", exact, n));
    if (static_cast<float>(S(static_cast<float>(rounded))) == static_cast<float>(v)) {
      return rounded;
    }
  }
  return read(fmt::format("{:.{}g}", exact, kMostDigits));
}
template <>
double decimal(double v) {
  return v;
}

Digits digits_of(double v, bool scientific) {
  std::string s;
  if (scientific) {
    for (int n = 0; n <= kPrecision; ++n) {
      s = fmt::format("{:.{}e}", v, n);
      if (read(s) == v) break;
    }
  } else {
    s = fmt::format("{}", v);
    const size_t point = s.find('.');
    if (point != std::string::npos && s.size() - point - 1 > kPrecision) {
      s = fmt::format("{:.{}f}", v, kPrecision);
    }
  }
  Digits d;
  if (const size_t e = s.find('e'); e != std::string::npos) {
    d.exponent = s.substr(e);
    s.resize(e);
  }
  const size_t point = s.find('.');
  d.whole = s.substr(0, point);
  if (point != std::string::npos) d.fraction = s.substr(point + 1);
  while (!d.fraction.empty() && d.fraction.back() == '0') d.fraction.pop_back();
  return d;
}

/// Floating numbers as numpy shows them: one notation and the points below each other.
std::vector<std::string> floating_words(const std::vector<double>& values, double exponent_from) {
  double most = 0, least = INFINITY;
  for (const double v : values) {
    const double a = std::abs(v);
    if (!std::isfinite(a) || a == 0) continue;
    most = std::max(most, a);
    least = std::min(least, a);
  }
  const bool scientific =
      most > 0 && (most >= exponent_from || least < 1e-4 || most / least > 1000);
  std::vector<Digits> digits;
  size_t left = 0, right = 0, tail = 0;
  for (const double v : values) {
    digits.push_back(std::isfinite(v) ? digits_of(v, scientific) : Digits{});
    left = std::max(left, digits.back().whole.size());
    right = std::max(right, digits.back().fraction.size());
    tail = std::max(tail, digits.back().exponent.size());
  }
  std::vector<std::string> words;
  size_t width = left + 1 + right + tail;
  for (const double v : values) {
    if (!std::isfinite(v)) width = std::max<size_t>(width, !std::isnan(v) && v < 0 ? 4 : 3);
  }
  for (size_t i = 0; i < values.size(); ++i) {
    const double v = values[i];
    std::string word;
    if (std::isnan(v)) {
      word = "nan";
    } else if (std::isinf(v)) {
      word = v > 0 ? "inf" : "-inf";
    } else {
      const Digits& d = digits[i];
      const std::string fill(right - d.fraction.size(), scientific ? '0' : ' ');
      word = d.whole + "." + d.fraction + fill + d.exponent;
    }
    words.push_back(fmt::format("{:>{}}", word, width));
  }
  return words;
}

std::vector<std::string> integer_words(const std::vector<int64_t>& values, bool boolean) {
  std::vector<std::string> words;
  size_t width = 0;
  for (const int64_t v : values) {
    words.push_back(boolean ? (v ? "True" : "False") : fmt::format("{}", v));
    width = std::max(width, words.back().size());
  }
  for (std::string& word : words) word = fmt::format("{:>{}}", word, width);
  return words;
}

/// Collects the shown elements, turns them into words of one width and lays those out.
class Printer {
 public:
  explicit Printer(const Tensor& t) : t_(t), shorten_(t.numel() > kSummarise) {}

  std::string text() {
    visit_dtype(t_.dtype(), [&](auto tag) {
      using S = typename decltype(tag)::type;
      if constexpr (is_floating(dtype_of<S>)) {
        const double exponent_from = sizeof(S) == 8 ? 1e8 : sizeof(S) == 4 ? 1e6 : 1e3;
        words_ = floating_words(shown<S, double>(), exponent_from);
      } else {
        words_ = integer_words(shown<S, int64_t>(), std::is_same_v<S, bool>);
      }
    });
    // A scalar is no array to numpy: 3.0, not "3.".
    if (t_.rank() == 0 && words_[0].ends_with('.')) words_[0] += '0';
    return block(0, kLineWidth);
  }

 private:
  bool cut(int axis) const { return shorten_ && t_.shape()[axis] > 2 * kEdge; }

  template <class S, class T>
  std::vector<T> shown() const {
    std::vector<T> values;
    gather<S, T>(0, static_cast<const S*>(t_.raw()), values);
    return values;
  }

  template <class S, class T>
  void gather(int axis, const S* at, std::vector<T>& values) const {
    if (axis == t_.rank()) {
      if constexpr (is_floating(dtype_of<S>)) {
        values.push_back(decimal(*at));
      } else {
        values.push_back(static_cast<T>(*at));
      }
      return;
    }
    const int64_t n = t_.shape()[axis];
    for (int64_t i = 0; i < n; ++i) {
      if (cut(axis) && i == kEdge) i = n - kEdge;
      gather<S, T>(axis + 1, at + i * t_.strides()[axis], values);
    }
  }

  /// What stands in the brackets of one axis; a line of it may have `width` characters.
  std::string block(int axis, size_t width) {
    if (axis == t_.rank()) return words_[next_++];
    const int64_t n = t_.shape()[axis];
    if (t_.numel() == 0) return "[]";
    const bool last = axis + 1 == t_.rank();
    const std::string indent(static_cast<size_t>(axis) + 1, ' ');
    const std::string between(static_cast<size_t>(t_.rank() - axis - 1), '\n');
    std::string text, line = indent;
    for (int64_t i = 0; i < n; ++i) {
      const bool skip = cut(axis) && i == kEdge;
      if (skip) i = n - kEdge - 1;
      const std::string word = skip ? "..." : block(axis + 1, width - 1);
      if (!last) {
        text += indent + word + (i + 1 < n ? between : "");
        continue;
      }
      if (line.size() + word.size() > width - 1 && line.size() > indent.size()) {
        line.resize(line.size() - 1);  // the separator
        text += line + "\n";
        line = indent;
      }
      line += word + (i + 1 < n ? " " : "");
    }
    if (last) text += line;
    return "[" + text.substr(indent.size()) + "]";
  }

  const Tensor& t_;
  bool shorten_;
  std::vector<std::string> words_;
  size_t next_ = 0;
};

}  // namespace

std::string to_string(const Tensor& t) {
  if (!t.defined() || t.is_meta()) return describe(t);
  return Printer(t).text() + " " + describe(t);
}

std::ostream& operator<<(std::ostream& out, const Tensor& t) { return out << to_string(t); }

}  // namespace strata
