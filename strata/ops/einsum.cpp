#include "strata/ops/einsum.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/matmul.h"
#include "strata/ops/reduce.h"
#include "strata/ops/views.h"

namespace strata {
namespace {

/// A letter; the axes of an ellipsis are kDots (the last one), kDots + 1 and so on.
using Label = int;
using Labels = std::vector<Label>;
constexpr Label kDots = 256;

struct Term {
  Tensor x;
  Labels labels;  ///< one for each axis of x
};

bool has(const Labels& labels, Label label) {
  return std::find(labels.begin(), labels.end(), label) != labels.end();
}

int place(const Labels& labels, Label label) {
  return static_cast<int>(std::find(labels.begin(), labels.end(), label) - labels.begin());
}

std::string name(Label label) {
  return label < kDots ? fmt::format("'{}'", static_cast<char>(label)) : "'...'";
}

[[noreturn]] void refuse(std::string_view equation, const std::string& why) {
  throw ValueError("einsum", fmt::format("\"{}\": {}", equation, why));
}

/// The labels of a term, its "..." standing for `dots` axes.
Labels parse_term(std::string_view equation, std::string_view term, int dots) {
  Labels labels;
  for (size_t i = 0; i < term.size(); ++i) {
    if (std::isalpha(static_cast<unsigned char>(term[i]))) {
      labels.push_back(term[i]);
    } else if (term.substr(i, 3) == "...") {
      if (term.find("...", i + 1) != std::string_view::npos) refuse(equation, "a second \"...\"");
      for (int k = dots; k > 0; --k) labels.push_back(kDots + k - 1);
      i += 2;
    } else {
      refuse(equation, fmt::format("'{}' is no letter", term[i]));
    }
  }
  return labels;
}

std::vector<std::string> split_terms(const std::string& inputs) {
  std::vector<std::string> terms(1);
  for (const char c : inputs) {
    if (c == ',') {
      terms.emplace_back();
    } else {
      terms.back() += c;
    }
  }
  return terms;
}

/// The axes `labels[i]` and `labels[j]`, i < j, of one size become one, the last.
void take_diagonal(Term& t, int i, int j) {
  const int64_t n = t.x.size(i);
  Dims order;
  for (int k = 0; k < t.x.rank(); ++k) {
    if (k != i && k != j) order.push_back(k);
  }
  order.push_back(i);
  order.push_back(j);
  Tensor x = permute(t.x, order);
  Shape shape = x.shape();
  shape.erase(shape.rank() - 1);
  shape.back() = n * n;
  t.x = slice(reshape(x, shape), -1, 0, n * n, n + 1);
  const Label label = t.labels[static_cast<size_t>(i)];
  t.labels.erase(t.labels.begin() + j);
  t.labels.erase(t.labels.begin() + i);
  t.labels.push_back(label);
}

void take_diagonals(Term& t) {
  for (size_t i = 0; i < t.labels.size(); ++i) {
    for (size_t j = i + 1; j < t.labels.size(); ++j) {
      if (t.labels[i] != t.labels[j]) continue;
      const int a = static_cast<int>(i), b = static_cast<int>(j);
      if (t.x.size(a) != t.x.size(b)) {
        throw ShapeError("einsum", fmt::format("the axes {} of {} have different sizes",
                                               name(t.labels[i]), describe(t.x)));
      }
      take_diagonal(t, a, b);
      return take_diagonals(t);
    }
  }
}

/// Sums over the axes whose labels are not in `keep`.
void sum_others(Term& t, const Labels& keep) {
  Dims axes;
  Labels left;
  for (size_t i = 0; i < t.labels.size(); ++i) {
    if (has(keep, t.labels[i])) {
      left.push_back(t.labels[i]);
    } else {
      axes.push_back(static_cast<int64_t>(i));
    }
  }
  if (!axes.empty()) t.x = sum(t.x, axes);
  t.labels = left;
}

/// Drops the axes of size 1 where the other operand has more.
void drop_repeated(Term& t, const Term& other) {
  for (size_t i = t.labels.size(); i-- > 0;) {
    if (!has(other.labels, t.labels[i])) continue;
    const int axis = static_cast<int>(i);
    if (t.x.size(axis) != 1 || other.x.size(place(other.labels, t.labels[i])) == 1) continue;
    t.x = squeeze(t.x, axis);
    t.labels.erase(t.labels.begin() + axis);
  }
}

/// x with its axes in the order of the three groups, each merged into one.
Tensor merged(const Term& t, const std::array<const Labels*, 3>& groups) {
  Dims order;
  Shape shape;
  for (const Labels* group : groups) {
    int64_t size = 1;
    for (const Label label : *group) {
      order.push_back(place(t.labels, label));
      size *= t.x.size(static_cast<int>(order.back()));
    }
    shape.push_back(size);
  }
  return reshape(permute(t.x, order), shape);
}

/// The product of two operands, summed over the labels of both that are not in `keep`.
Term contract(Term a, Term b, const Labels& keep) {
  drop_repeated(a, b);
  drop_repeated(b, a);
  Labels batch, summed, left, right;
  Shape shape;
  for (const Label label : a.labels) {
    const int64_t size = a.x.size(place(a.labels, label));
    if (!has(b.labels, label)) {
      left.push_back(label);
      continue;
    }
    if (size != b.x.size(place(b.labels, label))) {
      throw ShapeError("einsum", fmt::format("the axes {} of {} and {} have different sizes",
                                             name(label), describe(a.x), describe(b.x)));
    }
    (has(keep, label) ? batch : summed).push_back(label);
  }
  for (const Label label : b.labels) {
    if (!has(a.labels, label)) right.push_back(label);
  }
  Labels labels = batch;
  for (const Label label : batch) shape.push_back(a.x.size(place(a.labels, label)));
  for (const Label label : left) shape.push_back(a.x.size(place(a.labels, label)));
  for (const Label label : right) shape.push_back(b.x.size(place(b.labels, label)));
  labels.insert(labels.end(), left.begin(), left.end());
  labels.insert(labels.end(), right.begin(), right.end());
  const Tensor x = merged(a, {&batch, &left, &summed}), y = merged(b, {&batch, &summed, &right});
  // Without a sum a broadcast product does it, in place of many tiny matrix products.
  return {reshape(summed.empty() ? x * y : matmul(x, y), shape), labels};
}

/// How many axes the "..." of a term stands for.
int dots_of(std::string_view equation, const std::string& term, const Tensor& x) {
  const bool dots = term.find("...") != std::string::npos;
  const int letters =
      static_cast<int>(std::count_if(term.begin(), term.end(), [](char c) { return c != '.'; }));
  if (dots ? letters <= x.rank() : letters == x.rank()) return x.rank() - letters;
  throw ShapeError("einsum", fmt::format("\"{}\": the term \"{}\" does not fit {}", equation, term,
                                         describe(x)));
}

/// The output's labels where the equation does not say them.
Labels implicit_output(const std::vector<Term>& terms, int dots) {
  Labels output;
  for (int k = dots; k > 0; --k) output.push_back(kDots + k - 1);
  for (Label label = 0; label < kDots; ++label) {
    int64_t count = 0;
    for (const Term& t : terms) count += std::count(t.labels.begin(), t.labels.end(), label);
    if (count == 1) output.push_back(label);
  }
  return output;
}

void check_output(std::string_view equation, const Labels& output, const std::vector<Term>& terms) {
  for (const Label label : output) {
    if (std::count(output.begin(), output.end(), label) > 1) {
      refuse(equation, name(label) + " stands twice in the output");
    }
    const auto holds = [&](const Term& t) { return has(t.labels, label); };
    if (std::none_of(terms.begin(), terms.end(), holds)) {
      refuse(equation, name(label) + " of the output is in no operand");
    }
  }
}

}  // namespace

Tensor einsum(std::string_view equation, std::span<const Tensor> operands) {
  std::string text(equation);
  std::erase(text, ' ');
  const size_t arrow = text.find("->");
  const std::vector<std::string> names = split_terms(text.substr(0, arrow));
  if (names.size() != operands.size()) {
    refuse(equation, fmt::format("{} terms for {} operands", names.size(), operands.size()));
  }
  std::vector<Term> terms;
  int most_dots = 0;
  for (size_t i = 0; i < names.size(); ++i) {
    const int dots = dots_of(equation, names[i], operands[i]);
    most_dots = std::max(most_dots, dots);
    terms.push_back({operands[i], parse_term(equation, names[i], dots)});
  }
  const Labels output = arrow == std::string::npos
                            ? implicit_output(terms, most_dots)
                            : parse_term(equation, text.substr(arrow + 2), most_dots);
  check_output(equation, output, terms);
  for (Term& t : terms) take_diagonals(t);
  Term y = terms[0];
  for (size_t i = 0; i < terms.size(); ++i) {
    Labels keep = output;
    for (size_t j = i + 1; j < terms.size(); ++j) {
      keep.insert(keep.end(), terms[j].labels.begin(), terms[j].labels.end());
    }
    if (i > 0) {
      Labels needed = keep;
      needed.insert(needed.end(), y.labels.begin(), y.labels.end());
      sum_others(terms[i], needed);
      y = contract(std::move(y), terms[i], keep);
    } else {
      sum_others(y, keep);
    }
  }
  // A size of 1 may have stood for a larger one of an operand that came later.
  sum_others(y, output);
  Dims order;
  for (const Label label : output) order.push_back(place(y.labels, label));
  return permute(y.x, order);
}

}  // namespace strata
