#include <memory>

#include "bench/workloads.h"
#include "models/language/bert.h"
#include "models/vision/vit.h"
#include "strata/ops/creation.h"
#include "strata/tape/grad_mode.h"

namespace strata::bench {
namespace {

Workload bert_base() {
  return {.name = "bert-base-infer",
          .what = "the 12 layers of BERT base without their embeddings, T 128, batch 8",
          .make = [] {
            const auto layers = std::make_shared<nn::ModuleList<models::BertLayer>>();
            const models::BertConfig config = models::bert_config("bert-base-uncased");
            for (int64_t i = 0; i < config.num_hidden_layers; ++i) layers->add(config);
            layers->eval();
            return [layers, x = randn({8, 128, config.hidden_size})] {
              const NoGrad no_grad;
              Tensor y = x;
              for (auto& layer : *layers) y = (*layer)(y, {});
            };
          }};
}

Workload vit_b16() {
  return {.name = "vit-b16-infer", .what = "ViT-B/16, one image of 224 pixels", .make = [] {
            const auto model = std::make_shared<models::ViT>(models::vit_config("vit_b_16"));
            model->eval();
            return [model, x = randn({1, 224, 224, 3})] {
              const NoGrad no_grad;
              (*model)(x);
            };
          }};
}

}  // namespace

std::vector<Workload> encoder_workloads() { return {bert_base(), vit_b16()}; }

}  // namespace strata::bench
