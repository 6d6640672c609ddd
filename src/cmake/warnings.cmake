# Warnings for dagrad's own targets; consumers do not get them. gcc 12 wrongly reports an overlap
# when a string is appended to a literal (its bug 105329).
add_library(dagrad_warnings INTERFACE)
target_compile_options(dagrad_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
  $<$<BOOL:${DAGRAD_WERROR}>:-Werror>
  # gcc 12 gives false positives of these two for std::variant and std::string, so they are not
  # errors.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-error=maybe-uninitialized>
  $<$<CXX_COMPILER_ID:GNU>:-Wno-error=stringop-overflow>)
