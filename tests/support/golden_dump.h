#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "strata/io/safetensors.h"
#include "strata/nn/module.h"

namespace strata::testing {

/// Results of PyTorch by name, as the scripts in tools/golden keep them. A name that is missing is
/// a failure of the test, as a value that is too far away is; both say the name.
class GoldenDump {
 public:
  /// Of "nn/small": tests/golden/nn/small.safetensors.
  explicit GoldenDump(const std::string& file);

  bool contains(const std::string& name) const { return tensors_.contains(name); }
  /// How many names begin so.
  size_t count(const std::string& prefix) const;

  /// `got` differs by less than `tolerance`, relative to the larger of 1 and the largest value.
  void expect(const std::string& name, const Tensor& got, double tolerance) const;
  /// `got` differs by less than `tolerance`.
  void expect_absolute(const std::string& name, const Tensor& got, double tolerance) const;

  /// The gradients of a module's parameters, under "PREFIXweight" where they have one.
  void expect_gradients(const std::string& prefix, nn::Module& module, double tolerance) const;
  /// A module's state dict, under "PREFIXweight": these names and no others, shapes and values.
  void expect_state(const std::string& prefix, nn::Module& module, double tolerance) const;

  /// A layer's pass there and back: `call(inputs)` is "NAME.y", the gradients that "NAME.dy" by
  /// rule gives are the inputs' "NAME.dx0", "NAME.dx1", ... and the parameters' "NAME.grad.weight",
  /// ..., these names of parameters and no others.
  using Call = std::function<Tensor(const std::vector<Tensor>&)>;
  void expect_pass(const std::string& name, nn::Module& layer, std::vector<Tensor> inputs,
                   const Call& call, double tolerance) const;

 private:
  /// The tensor of that name. Undefined, and a failure of the test, if there is none.
  Tensor find(const std::string& name) const;

  TensorMap tensors_;
};

}  // namespace strata::testing
