#pragma once

#include <cstdint>
#include <string>

#include "strata/base/error.h"
#include "strata/base/shape.h"

namespace strata {

/// Elements of a shape that a file states. Throws FormatError, tagged `path`, where no tensor could
/// have it; `owner` follows the shape in that error (" of tensor 'w'").
inline int64_t checked_elements(const std::string& path, const Shape& shape,
                                const std::string& owner = {}) {
  try {
    return checked_numel(path, shape);
  } catch (const ShapeError&) {
    throw FormatError(path, "the shape " + to_string(shape) + owner + " overflows");
  }
}

}  // namespace strata
