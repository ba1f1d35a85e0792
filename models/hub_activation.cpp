#include "models/hub_activation.h"

#include <utility>

#include <fmt/format.h>

#include "strata/base/error.h"

namespace strata::models {

nn::Activation hub_activation(const char* model, const char* field, const std::string& name) {
  using A = nn::Activation;
  static const std::pair<const char*, A> known[] = {
      {"gelu", A::gelu_erf},       {"gelu_new", A::gelu_tanh}, {"gelu_pytorch_tanh", A::gelu_tanh},
      {"gelu_fast", A::gelu_tanh}, {"relu", A::relu},          {"silu", A::silu},
      {"swish", A::silu},          {"tanh", A::tanh},          {"sigmoid", A::sigmoid}};
  for (const auto& [text, activation] : known) {
    if (name == text) return activation;
  }
  throw ValueError(model, fmt::format("{} {} is not known", field, name),
                   "gelu, gelu_new, relu, silu, tanh, sigmoid");
}

}  // namespace strata::models
