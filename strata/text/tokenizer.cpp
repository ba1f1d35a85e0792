#include "strata/text/tokenizer.h"

namespace strata {

std::string Tokenizer::decode(std::span<const int64_t> ids) const {
  TokenStream stream(*this);
  std::string text;
  for (const int64_t id : ids) text += stream.push(id);
  return text += stream.finish();
}

std::string TokenStream::push(int64_t id) {
  const std::string piece = tokenizer_->piece(id, first_);
  first_ = first_ && piece.empty();
  return bytes_.push(piece);
}

}  // namespace strata
