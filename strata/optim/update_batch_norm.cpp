#include "strata/optim/update_batch_norm.h"

#include <utility>
#include <vector>

#include "strata/nn/layers/batch_norm.h"
#include "strata/ops/copy.h"
#include "strata/tape/grad_mode.h"

namespace strata {
namespace {

/// A batch norm whose running statistics are the mean over the batches, while it lives.
class MeanStatistics {
 public:
  explicit MeanStatistics(nn::BatchNorm& norm) : norm_(&norm), momentum_(norm.momentum()) {
    fill_(norm.running_mean, 0);
    fill_(norm.running_var, 1);
    fill_(norm.num_batches_tracked, 0);
  }
  ~MeanStatistics() {
    if (norm_) norm_->set_momentum(momentum_);
  }
  MeanStatistics(MeanStatistics&& other) noexcept
      : norm_(std::exchange(other.norm_, nullptr)), momentum_(other.momentum_) {}
  MeanStatistics& operator=(MeanStatistics&&) = delete;

  void expect_batch(int64_t number) { norm_->set_momentum(1 / static_cast<double>(number)); }

 private:
  nn::BatchNorm* norm_;
  double momentum_;
};

}  // namespace

void update_batch_norm(nn::Module& model, const std::function<Tensor()>& next) {
  std::vector<MeanStatistics> norms;
  for (auto& [name, module] : model.named_modules()) {
    if (auto* norm = dynamic_cast<nn::BatchNorm*>(module)) norms.emplace_back(*norm);
  }
  if (norms.empty()) return;
  const nn::ModeScope training(model, true);
  const NoGrad no_grad;
  int64_t number = 0;
  for (Tensor batch = next(); batch.defined(); batch = next()) {
    ++number;
    for (MeanStatistics& norm : norms) norm.expect_batch(number);
    model(batch);
  }
}

}  // namespace strata
