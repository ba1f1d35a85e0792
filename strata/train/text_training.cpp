#include "strata/train/text_training.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/losses.h"
#include "strata/ops/views.h"
#include "strata/train/fit_checks.h"

namespace strata::train {
namespace {

/// Numbers at the end of `text` that are held out.
int64_t held_out(const Tensor& text, double share) {
  if (!(share >= 0 && share < 1)) {
    throw ValueError("TextTraining", fmt::format("holdout must lie in [0, 1), got {}", share));
  }
  const auto held = static_cast<int64_t>(share * static_cast<double>(text.numel()));
  if (share > 0 && held < 2) {
    throw ValueError("TextTraining",
                     fmt::format("a share of {} of {} numbers is too little", share, text.numel()));
  }
  return held;
}

Tensor without_end(const Tensor& text, int64_t count) {
  return count > 0 ? slice(text, 0, 0, -count) : text;
}

}  // namespace

TextTraining::TextTraining(nn::Module& model, std::unique_ptr<Optimizer> optimizer,
                           const Tensor& train, Tensor test, TextTrainingConfig config)
    : model_(model),
      optimizer_(std::move(optimizer)),
      windows_(without_end(train, held_out(train, config.holdout)), config.windows),
      test_(std::move(test)),
      config_(std::move(config)) {
  require_part("TextTraining", optimizer_ != nullptr, "an optimiser");
  require_part("TextTraining", test_.defined(), "a text to test on");
  require_part("TextTraining", config_.schedule != nullptr, "a schedule of the learning rate");
  const int64_t held = held_out(train, config_.holdout);
  if (held > 0) held_out_ = slice(train, 0, -held);
  if (!config_.evaluate && test_.numel() < 2) {
    throw ValueError("TextTraining",
                     fmt::format("a text of {} to test on is too short", test_.numel()));
  }
  if (!config_.logits) config_.logits = [&model](const Tensor& ids) { return model(ids); };
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

Metric TextTraining::judge(const Tensor& ids) const {
  const auto told = [&](int64_t done) {
    tell({.done = done, .all = ids.numel(), .what = "symbols"});
  };
  if (config_.evaluate) return config_.evaluate(ids, told);
  int64_t done = 0;
  const auto logits = [&](const Tensor& part) {
    told(done);
    done += part.numel();
    return config_.logits(part);
  };
  const double nats = nats_per_symbol(logits, ids, config_.windows.length);
  return {"nats_per_symbol", nats, ids.numel() - 1};
}

std::optional<double> TextTraining::validate() {
  if (!held_out_.defined()) return std::nullopt;
  return judge(held_out_).value;
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
