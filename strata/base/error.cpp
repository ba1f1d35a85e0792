#include "strata/base/error.h"

namespace strata {
namespace {

std::string compose(std::string_view where, std::string_view message, std::string_view hint) {
  std::string text;
  text.reserve(where.size() + message.size() + hint.size() + 12);
  text.append("[").append(where).append("] ").append(message);
  if (!hint.empty()) text.append("\n  hint: ").append(hint);
  return text;
}

}  // namespace

Error::Error(std::string_view where, std::string_view message, std::string_view hint)
    : std::runtime_error(compose(where, message, hint)) {}

}  // namespace strata
