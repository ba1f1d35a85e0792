#pragma once

#include <cstdint>
#include <memory>

#include "strata/nn/layers/recurrent.h"

namespace strata::models {

/// Which recurrent layer a network is made of.
enum class RecurrentKind { rnn, lstm, gru };

/// One layer of that kind.
std::unique_ptr<nn::Recurrent> make_recurrent(RecurrentKind kind, int64_t in, int64_t hidden);

}  // namespace strata::models
