#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace strata {

/// Base of everything the library throws. `what()` reads "[where] message", then a second line
/// "  hint: ..." if there is one. `where` is the op, layer or file the user named.
class Error : public std::runtime_error {
 public:
  Error(std::string_view where, std::string_view message, std::string_view hint = {});
};

// One line each reads better than what the formatter makes of them.
// clang-format off

/// Shapes do not fit together.
struct ShapeError : Error { using Error::Error; };
/// A dtype that the operation does not take.
struct DTypeError : Error { using Error::Error; };
/// Tensors on different devices, or a device without that operation.
struct DeviceError : Error { using Error::Error; };
/// An argument outside of its range, a key that does not exist.
struct ValueError : Error { using Error::Error; };
/// An index outside of its dimension.
struct IndexError : Error { using Error::Error; };
/// Misuse of gradients: a value overwritten since it was saved, no graph to go back through.
struct GradError : Error { using Error::Error; };
/// NaN or infinity where training must not go on.
struct NumericError : Error { using Error::Error; };
/// The system refused: a file that cannot be opened, a full disk.
struct IoError : Error { using Error::Error; };
/// A file's content is not what its format promises.
struct FormatError : Error { using Error::Error; };
/// Memory could not be had, or the set limit would be passed.
struct OutOfMemory : Error { using Error::Error; };
/// The caller's cancel token was set.
struct Cancelled : Error { using Error::Error; };

// clang-format on

}  // namespace strata
