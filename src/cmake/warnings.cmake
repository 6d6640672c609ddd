# Warnings for dagrad's own targets; consumers never see them. gcc 12 sees overlaps where a string
# is put behind a literal (its bug 105329).
add_library(dagrad_warnings INTERFACE)
target_compile_options(dagrad_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
  $<$<BOOL:${DAGRAD_WERROR}>:-Werror>
  # These two of gcc 12's guess through std::variant and std::string; they warn, and stop nothing.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-error=maybe-uninitialized>
  $<$<CXX_COMPILER_ID:GNU>:-Wno-error=stringop-overflow>)
