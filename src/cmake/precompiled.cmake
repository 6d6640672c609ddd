# What most sources read is compiled once, which saves a quarter of the library's compilation.
# Sources with options of their own cannot share it. The debug build goes without, and so
# shows that each file includes what it uses; so does a build with tests but no sanitizer, since
# some of the tests build the library again, and ccache finds no object that was made with the
# precompiled header of another folder.
if(CMAKE_BUILD_TYPE STREQUAL "Sanitized" OR
    NOT (CMAKE_BUILD_TYPE STREQUAL "Debug" OR DAGRAD_TESTS))
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")  # so that ccache knows a header by its contents
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
