#include "dagrad/version.hpp"

#define DAGRAD_TEXT_OF(number) #number
#define DAGRAD_TEXT(number) DAGRAD_TEXT_OF(number)

namespace dagrad {

const char* version() noexcept {
  return DAGRAD_TEXT(DAGRAD_VERSION_MAJOR) "." DAGRAD_TEXT(DAGRAD_VERSION_MINOR) "." DAGRAD_TEXT(
      DAGRAD_VERSION_PATCH);
}

}  // namespace dagrad
