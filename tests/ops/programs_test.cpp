// Replays the random programs of tools/golden/programs.py, which says what a line means.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/opcases/op_case.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/indexing.h"
#include "strata/ops/joining.h"
#include "strata/ops/reduce.h"
#include "strata/ops/views.h"

namespace strata {
namespace {

constexpr int kWeightsFrom = 100;

std::vector<std::string> split_text(const std::string& text, char at) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == at) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

/// "2,3"; "." and "" are the shape of a scalar.
Dims dims_of(const std::string& text) {
  Dims dims;
  if (text.empty() || text == ".") return dims;
  for (const std::string& word : split_text(text, ',')) dims.push_back(std::stoll(word));
  return dims;
}

Tensor by_rule(const Shape& shape, int position) {
  return opcases::make_input({.shape = shape}, position, DType::f64);
}

/// The words of one step: operands and arguments.
class Step {
 public:
  Step(const std::string& text, const std::vector<Tensor>& values)
      : words_(split_text(text, ' ')), values_(values) {}

  char letter() const { return words_[0][0]; }
  const Tensor& operand(size_t i) const { return values_.at(std::stoul(words_.at(i + 1))); }
  int64_t number(size_t i) const { return std::stoll(words_.at(i + 1)); }
  int axis(size_t i) const { return static_cast<int>(number(i)); }
  Dims dims(size_t i) const { return dims_of(words_.at(i + 1)); }

 private:
  std::vector<std::string> words_;
  const std::vector<Tensor>& values_;
};

/// A copy without history, written to through a view.
Tensor written(const Tensor& x, int axis, int64_t index) {
  Tensor y = copy(x.detach());
  Tensor part = select(y, axis, index);
  fill_(part, 0.5);
  return y;
}

Tensor view(const Step& s) {
  const Tensor& x = s.operand(0);
  switch (s.letter()) {
    case 'r': return reshape(x, s.dims(1));
    case 'p': return permute(x, s.dims(1));
    case 't': return transpose(x, s.axis(1), s.axis(2));
    case 's': return slice(x, s.axis(1), s.number(2), s.number(3), s.number(4));
    case 'i': return select(x, s.axis(1), s.number(2));
    case 'e': return expand(x, s.dims(1));
    case 'q': return squeeze(x, s.axis(1));
    case 'Q': return squeeze(x);
    case 'u': return unsqueeze(x, s.axis(1));
    case 'f': return flatten(x, s.axis(1), s.axis(2));
    case 'h': return chunk(x, s.number(2), s.axis(1)).at(static_cast<size_t>(s.number(3)));
    default: return {};
  }
}

Tensor run(const Step& s) {
  const Tensor& x = s.operand(0);
  switch (s.letter()) {
    case '+': return x + s.operand(1);
    case '-': return x - s.operand(1);
    case '*': return x * s.operand(1);
    case 'S': return sum(x, s.dims(1), s.number(2) != 0);
    case 'c': return concat({x, s.operand(1)}, s.axis(2));
    case 'k': return stack({x, s.operand(1)}, s.axis(2));
    case 'w': return written(x, s.axis(1), s.number(2));
    case 'd': return contiguous(x);
    case 'F': return flip(x, {s.number(1)});
    default: return view(s);
  }
}

void replay(const std::string& line) {
  const auto parts = split_text(line, ';');
  std::vector<Tensor> values;
  for (const std::string& shape : split_text(parts[0], '|')) {
    values.push_back(by_rule(dims_of(shape), static_cast<int>(values.size())).set_requires_grad());
  }
  const std::vector<Tensor> inputs = values;
  for (size_t i = 1; i + 1 < parts.size(); ++i) {
    values.push_back(run(Step(parts[i], values)));
    ASSERT_TRUE(values.back().defined()) << parts[i];
  }
  const Tensor& y = values.back();
  const auto answer = split_text(parts.back().substr(1), ' ');
  ASSERT_EQ(to_string(y.shape()), to_string(dims_of(answer.at(0))));
  const Tensor loss = sum(y * by_rule(y.shape(), kWeightsFrom));
  const auto expect = [&](size_t i, double got) {
    const double wanted = std::stod(answer.at(i));
    EXPECT_LE(std::abs(got - wanted), 1e-9 * std::max(1.0, std::abs(wanted))) << "number " << i;
  };
  expect(1, loss.item<double>());
  backward(loss);
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Tensor g = inputs[i].grad().defined() ? inputs[i].grad() : zeros_like(inputs[i]);
    ASSERT_EQ(to_string(g.shape()), to_string(inputs[i].shape()));
    const Tensor weights = by_rule(g.shape(), kWeightsFrom + 1 + static_cast<int>(i));
    expect(i + 2, sum(g * weights).item<double>());
  }
}

TEST(Programs, GiveTheAnswersOfPyTorch) {
  std::ifstream file(STRATA_SOURCE_DIR "/tests/golden/programs.txt");
  int programs = 0;
  for (std::string line; std::getline(file, line); ++programs) {
    SCOPED_TRACE(line);
    replay(line);
  }
  EXPECT_EQ(programs, 500);
}

}  // namespace
}  // namespace strata
