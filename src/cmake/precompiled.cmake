# Precompiles the headers that most sources include, which saves a quarter of the library's
# compilation. Sources with their own options cannot share them. A debug build does without, and so
# shows that each file includes what it uses. So does a build with tests but no sanitizer: some
# tests build the library again, and ccache cannot reuse objects compiled with a precompiled header
# in another directory.
if(CMAKE_BUILD_TYPE STREQUAL "Sanitized" OR
    NOT (CMAKE_BUILD_TYPE STREQUAL "Debug" OR DAGRAD_TESTS))
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")  # lets ccache identify the header by its contents
    target_compile_options(dagrad PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
  endif()
  target_precompile_headers(dagrad PRIVATE
    <algorithm> <cmath> <cstring>
    <dagrad/apply.hpp> <dagrad/ops/operators.hpp> <dagrad/ops/shape_ops.hpp>
    <dagrad/ops/structural.hpp> <dagrad/random.hpp>)
  get_target_property(sources dagrad SOURCES)
  foreach(source IN LISTS sources)
    get_property(options SOURCE ${source} TARGET_DIRECTORY dagrad PROPERTY COMPILE_OPTIONS)
    get_property(definitions SOURCE ${source} TARGET_DIRECTORY dagrad PROPERTY COMPILE_DEFINITIONS)
    if(options OR definitions)
      set_property(SOURCE ${source} TARGET_DIRECTORY dagrad PROPERTY SKIP_PRECOMPILE_HEADERS ON)
    endif()
  endforeach()
endif()
