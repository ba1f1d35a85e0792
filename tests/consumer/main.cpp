#include <iostream>

#include "strata/autograd/backward.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"

int main() {
  strata::Tensor w = strata::ones({2, 3}).set_requires_grad();
  const strata::Tensor loss = strata::sum(w * w);
  strata::backward(loss);
  std::cout << "loss " << loss.item<float>() << "\n" << w.grad() << "\n";
}
