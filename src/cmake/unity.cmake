# Compiles the sources of each directory eight at a time, which saves a quarter of the library's
# compilation, because they share the headers. Sources with their own options are compiled alone. So
# is every source in a debug build, which thus shows that each includes what it uses, and in a build
# with tests but no sanitizer: some tests build the library again, and ccache cannot reuse objects
# for sources that are generated in another directory. CMAKE_UNITY_BUILD overrides this.
if(CMAKE_BUILD_TYPE STREQUAL "Debug" OR
    (DAGRAD_TESTS AND NOT CMAKE_BUILD_TYPE STREQUAL "Sanitized"))
  set(default OFF)
else()
  set(default ON)
endif()
if(CMAKE_UNITY_BUILD OR (default AND NOT DEFINED CMAKE_UNITY_BUILD))
  set_target_properties(dagrad PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")  # it takes anonymous namespaces for those of a header
    target_compile_options(dagrad PRIVATE -Wno-subobject-linkage)
  endif()
  get_target_property(sources dagrad SOURCES)
  foreach(source IN LISTS sources)
    get_property(options SOURCE ${source} TARGET_DIRECTORY dagrad PROPERTY COMPILE_OPTIONS)
    get_property(definitions SOURCE ${source} TARGET_DIRECTORY dagrad PROPERTY COMPILE_DEFINITIONS)
    if(options OR definitions)
      continue()
    endif()
    cmake_path(GET source PARENT_PATH directory)
    cmake_path(GET directory FILENAME directory)
    list(APPEND in_${directory} ${source})
    list(LENGTH in_${directory} count)
    math(EXPR group "(${count} - 1) / 8")
    set_property(SOURCE ${source} TARGET_DIRECTORY dagrad PROPERTY UNITY_GROUP ${directory}${group})
  endforeach()
endif()
