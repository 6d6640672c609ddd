#pragma once

#include "dagrad/config.hpp"

/// Semantic version. The build reads these three lines, which are the only place that states it.
#define DAGRAD_VERSION_MAJOR 0
#define DAGRAD_VERSION_MINOR 1
#define DAGRAD_VERSION_PATCH 0

/// The version as a number that the preprocessor can compare: 0.1.0 is 100, 1.2.3 is 10203.
#define DAGRAD_VERSION \
  (DAGRAD_VERSION_MAJOR * 10000 + DAGRAD_VERSION_MINOR * 100 + DAGRAD_VERSION_PATCH)

namespace dagrad {

/// Version of the linked library, such as "0.1.0"; the macros give that of the headers.
const char* version() noexcept;

}  // namespace dagrad
