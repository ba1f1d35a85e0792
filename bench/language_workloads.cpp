#include <algorithm>
#include <memory>

#include "bench/workloads.h"
#include "models/language/gpt2.h"
#include "strata/autograd/backward.h"
#include "strata/base/timer.h"
#include "strata/ops/creation.h"
#include "strata/ops/extremes.h"
#include "strata/ops/losses.h"
#include "strata/ops/views.h"
#include "strata/optim/adamw.h"
#include "strata/tape/grad_mode.h"
#include "strata/tensor/default_device.h"

namespace strata::bench {
namespace {

using models::GPT2;
using models::GPT2Config;
using models::GPT2Inputs;

constexpr double kAdamBytes = 28;  // a parameter: p, m, v read and written, g read

GPT2Config without_dropout(GPT2Config c) {
  c.resid_pdrop = c.embd_pdrop = c.attn_pdrop = 0;
  return c;
}

GPT2Config small_gpt() {
  return without_dropout(
      {.vocab_size = 65, .n_positions = 256, .n_embd = 384, .n_layer = 6, .n_head = 6});
}

std::shared_ptr<GPT2> gpt2_to_read() {
  auto model = std::make_shared<GPT2>(GPT2Config());
  model->eval();
  return model;
}

Workload training(const char* name, const char* what, const GPT2Config& config, int64_t batch,
                  int64_t length, double parameters) {
  return {.name = name, .what = what, .bytes = kAdamBytes * parameters, .make = [=] {
            auto model = std::make_shared<GPT2>(config);
            auto optimizer = std::make_shared<AdamW>(model->parameters());
            const Tensor ids = randint(0, config.vocab_size, {batch, length});
            return [=] {
              optimizer->zero_grad();
              backward(cross_entropy((*model)(ids), ids));
              optimizer->step();
            };
          }};
}

Workload prefill() {
  return {.name = "gpt2-prefill", .what = "GPT-2 124M, 512 tokens, logits of the last", .make = [] {
            auto model = gpt2_to_read();
            const Tensor ids = randint(0, 50257, {1, 512});
            return [=] {
              const NoGrad no_grad;
              (*model)(GPT2Inputs{.input_ids = ids, .last_only = true});
            };
          }};
}

/// What the network reads for one token: all weights but the table of positions.
double bytes_of_token(DType matrices) {
  const DeviceScope meta(kMeta);
  GPT2 sketch{GPT2Config()};
  sketch.keep_matrices_in(matrices);
  double bytes = 0;
  for (const nn::NamedTensor& t : sketch.named_tensors()) {
    if (t.name == "transformer.wpe.weight") continue;
    bytes += static_cast<double>(t.tensor->numel() * size_of(t.tensor->dtype()));
  }
  return bytes;
}

Workload decode(const char* name, const char* what, DType matrices) {
  constexpr int kTokens = 32;
  const auto writing = std::make_shared<Workload::Writing>();
  writing->tokens = kTokens - 1;
  writing->bytes = bytes_of_token(matrices);
  return {.name = name, .what = what, .writing = writing, .make = [matrices, writing] {
            auto model = gpt2_to_read();
            model->keep_matrices_in(matrices);
            const Tensor prompt = randint(0, 50257, {1, 16});
            return [=] {
              const NoGrad no_grad;
              nn::TransformerCache cache(48);
              Tensor ids = prompt;
              Timer timer;
              for (int i = 0; i < kTokens; ++i) {
                if (i == 1) timer.reset();
                const Tensor logits =
                    (*model)(GPT2Inputs{.input_ids = ids, .cache = &cache, .last_only = true});
                ids = reshape(argmax(logits, -1), {1, 1});
              }
              writing->ms = std::min(writing->ms, 1e3 * timer.seconds());
            };
          }};
}

}  // namespace

std::vector<Workload> language_workloads() {
  return {training("gpt-train", "6 layers, width 384, context 256, batch 16, AdamW", small_gpt(),
                   16, 256, 10'770'816),
          prefill(),
          decode("gpt2-decode",
                 "GPT-2 124M, 16 tokens and then 32 new ones with a cache of keys and values",
                 DType::f32),
          decode("gpt2-decode-bf16", "the same with matrices in bf16", DType::bf16),
          training("gpt2-train", "GPT-2 124M, 256 tokens, batch 4, AdamW",
                   without_dropout(GPT2Config()), 4, 256, 124'439'808)};
}

}  // namespace strata::bench
