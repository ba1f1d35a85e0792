#include "recipes/shared/recurrent.h"

namespace strata::recipes {

using models::RecurrentKind;

Recipe recurrent_recipe(RecurrentKind kind, const std::string& name, const std::string& title,
                        const std::string& summary, const std::string& expected) {
  Recipe r;
  r.name = name, r.title = title, r.summary = summary, r.expected = expected;
  switch (kind) {
    case RecurrentKind::rnn: r.year = 1990, r.paper = "Elman, Finding structure in time"; break;
    case RecurrentKind::lstm:
      r.year = 1997, r.paper = "Hochreiter and Schmidhuber, Long short-term memory";
      break;
    case RecurrentKind::gru:
      r.year = 2014;
      r.paper = "Cho et al., Learning phrase representations using RNN encoder-decoder";
      break;
  }
  return r;
}

}  // namespace strata::recipes
