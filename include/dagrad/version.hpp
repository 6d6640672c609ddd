#pragma once

#include "dagrad/config.hpp"

/// Semantic version. The build reads these three lines, and nothing else says the version.
#define DAGRAD_VERSION_MAJOR 0
#define DAGRAD_VERSION_MINOR 1
#define DAGRAD_VERSION_PATCH 0

/// As one number that the preprocessor can compare: 0.1.0 is 100, 1.2.3 is 10203.
#define DAGRAD_VERSION \
  (DAGRAD_VERSION_MAJOR * 10000 + DAGRAD_VERSION_MINOR * 100 + DAGRAD_VERSION_PATCH)

namespace dagrad {

/// Version of the library that was linked, such as "0.1.0"; the macros give that of the headers.
const char* version() noexcept;

}  // namespace dagrad
