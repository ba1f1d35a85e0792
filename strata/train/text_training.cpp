#include "strata/train/text_training.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/losses.h"
#include "strata/ops/views.h"

namespace strata::train {

TextTraining::TextTraining(nn::Module& model, std::unique_ptr<Optimizer> optimizer,
                           const Tensor& train, Tensor test, TextTrainingConfig config)
    : model_(model),
      optimizer_(std::move(optimizer)),
      windows_(train, config.windows),
      test_(std::move(test)),
      config_(std::move(config)) {
  if (!config_.logits) config_.logits = [this](const Tensor& ids) { return model_(ids); };
}

void TextTraining::seek(int64_t epoch, int64_t batch) {
  epoch_ = epoch;
  next_ = batch;
}

void TextTraining::next_batch() { batch_ = windows_.get(epoch_, next_++); }

Tensor TextTraining::loss() { return cross_entropy(config_.logits(batch_.x), batch_.y); }

double TextTraining::learning_rate(int64_t step, int64_t total) const {
  if (total != scheduled_total_) {
    schedule_ = config_.schedule(total);
    scheduled_total_ = total;
  }
  return schedule_(step);
}

Metric TextTraining::evaluate() {
  if (config_.evaluate) return config_.evaluate(test_);
  const double nats = nats_per_symbol(config_.logits, test_, config_.windows.length);
  return {"nats_per_symbol", nats, test_.numel() - 1};
}

double nats_per_symbol(const std::function<Tensor(const Tensor& ids)>& logits, const Tensor& ids,
                       int64_t length, int64_t batch) {
  const int64_t targets = ids.numel() - 1;
  if (targets < 1 || length < 1 || batch < 1) {
    throw ValueError("nats_per_symbol", fmt::format("cannot cut {} into windows of {}, {} at once",
                                                    describe(ids), length, batch));
  }
  double total = 0;
  const auto add = [&](int64_t begin, int64_t rows, int64_t width) {
    if (rows * width == 0) return;
    const auto part = [&](int64_t from) {
      return reshape(slice(ids, 0, from, from + rows * width), {rows, width});
    };
    const Tensor loss =
        cross_entropy(logits(part(begin)), part(begin + 1), {.reduction = Reduction::sum});
    total += loss.item<double>();
  };
  const int64_t windows = targets / length;
  for (int64_t w = 0; w < windows; w += batch) {
    add(w * length, std::min(batch, windows - w), length);
  }
  add(windows * length, 1, targets - windows * length);
  return total / static_cast<double>(targets);
}

}  // namespace strata::train
