#include "strata/ops/normalize.h"

#include "strata/opcases/op_case.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"

namespace strata::opcases {
namespace {

using In = std::span<const Tensor>;

const Input kImages = {.shape = {3, 4, 5, 6}, .low = -1, .high = 3};
const Input kWeight = {.shape = {6}, .low = 0.5, .high = 2};
const Input kBias = {.shape = {6}};

/// Statistics are f32 beside everything but f64.
Tensor statistic(const Tensor& t) {
  return copy(cast(t, t.dtype() == DType::f64 ? DType::f64 : DType::f32));
}

/// The running statistics start at the last two inputs.
std::vector<Tensor> batch_norm_of(In in, const BatchNormOptions& options, bool statistics) {
  const size_t n = in.size();
  const Tensor mean = statistic(in[n - 2]), var = statistic(in[n - 1]);
  const bool affine = n == 5;
  const Tensor y =
      batch_norm(in[0], mean, var, affine ? in[1] : Tensor(), affine ? in[2] : Tensor(), options);
  return statistics ? std::vector{mean, var} : std::vector{y};
}

OpCase batch_case(const char* name, const BatchNormOptions& options, const Input& x = kImages,
                  bool affine = true) {
  const int64_t channels = x.shape.back();
  const Input mean = {.shape = {channels}, .grad = false};
  const Input var = {.shape = {channels}, .low = 0.5, .high = 2, .grad = false};
  OpCase c = {.name = name, .inputs = {x}, .run = [options](auto in) {
                return batch_norm_of(in, options, false);
              }};
  if (affine) c.inputs.insert(c.inputs.end(), {kWeight, kBias});
  c.inputs.insert(c.inputs.end(), {mean, var});
  return c;
}

}  // namespace

std::vector<OpCase> normalize_cases() {
  OpCase running = batch_case("batch_norm/running", {.training = true, .momentum = 0.3});
  running.run = [](auto in) {
    return batch_norm_of(in, {.training = true, .momentum = 0.3}, true);
  };
  running.differentiable = false;
  const Input rows = {.shape = {7, 6}, .low = -1, .high = 3};
  const Input plane = {.shape = {5, 6}, .low = 0.5, .high = 2};
  const Input odd = {.shape = {9, 3}};
  return {
      batch_case("batch_norm", {.training = true}),
      batch_case("batch_norm/relu", {.training = true, .eps = 1e-2, .relu = true}),
      batch_case("batch_norm/rows", {.training = true, .momentum = 0.3, .eps = 1e-3}, rows),
      batch_case("batch_norm/plain", {.training = true, .eps = 1e-2}, odd, false),
      running,
      batch_case("batch_norm/eval", {.eps = 1e-2}),
      batch_case("batch_norm/eval_relu", {.eps = 1e-2, .relu = true}),
      {.name = "layer_norm",
       .inputs = {kImages, kWeight, kBias},
       .run = [](auto in) { return std::vector{layer_norm(in[0], {6}, in[1], in[2], 1e-3)}; }},
      {.name = "layer_norm/plane",
       .inputs = {kImages, plane, plane},
       .run =
           [](auto in) {
             return std::vector{layer_norm(in[0], {5, 6}, in[1], in[2])};
           }},
      {.name = "layer_norm/plain",
       .inputs = {rows},
       .run = [](auto in) { return std::vector{layer_norm(in[0], {6})}; }},
      {.name = "rms_norm",
       .inputs = {kImages, kWeight},
       .run = [](auto in) { return std::vector{rms_norm(in[0], {6}, in[1], 1e-3)}; }},
      {.name = "rms_norm/plain",
       .inputs = {kImages},
       .run =
           [](auto in) {
             return std::vector{rms_norm(in[0], {5, 6}, {}, 1e-5)};
           }},
  };
}

}  // namespace strata::opcases
