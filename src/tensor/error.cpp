#include "dagrad/error.hpp"

namespace dagrad {

std::string to_string(Location where) {
  return std::string(where.file) + ":" + std::to_string(where.line);
}

// Defined out of line, so that each type has its type information in one place and can be caught
// across shared libraries.
Error::~Error() = default;
ShapeError::~ShapeError() = default;
TypeError::~TypeError() = default;
ArgumentError::~ArgumentError() = default;
GraphError::~GraphError() = default;
GradientError::~GradientError() = default;
FileError::~FileError() = default;
RunError::~RunError() = default;
InternalError::~InternalError() = default;

}  // namespace dagrad
