#include "dagrad/error.hpp"

namespace dagrad {

std::string to_string(Location where) {
  return std::string(where.file) + ":" + std::to_string(where.line);
}

// Out of line, so that each type has one home and can be caught across shared libraries.
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
