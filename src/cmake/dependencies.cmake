# Finds the libraries that dagrad depends on, each as an imported target dagrad::<name>. Used by the
# build, and installed for consumers of a static dagrad, which link the same libraries.
include_guard(GLOBAL)

# Finds a header, a library or both. If one is missing, fails naming its Debian package.
function(dagrad_dependency name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "PACKAGE;HEADER;LIBRARY;FLAVOUR;DEFINITION" "")
  add_library(dagrad::${name} INTERFACE IMPORTED)
  if(arg_HEADER)
    find_path(DAGRAD_${name}_INCLUDE ${arg_HEADER} PATH_SUFFIXES ${arg_FLAVOUR}
      HINTS /usr/include/${CMAKE_LIBRARY_ARCHITECTURE})
    mark_as_advanced(DAGRAD_${name}_INCLUDE)
    set(found "${DAGRAD_${name}_INCLUDE}")
    target_include_directories(dagrad::${name} SYSTEM INTERFACE "${DAGRAD_${name}_INCLUDE}")
  endif()
  if(arg_LIBRARY AND (found OR NOT arg_HEADER))
    find_library(DAGRAD_${name}_LIBRARY ${arg_LIBRARY} PATH_SUFFIXES ${arg_FLAVOUR})
    mark_as_advanced(DAGRAD_${name}_LIBRARY)
    set(found "${DAGRAD_${name}_LIBRARY}")
    target_link_libraries(dagrad::${name} INTERFACE "${DAGRAD_${name}_LIBRARY}")
  endif()
  if(NOT found)
    message(FATAL_ERROR "dagrad needs ${name}, which was not found: "
      "install the Debian package ${arg_PACKAGE} (apt-get install ${arg_PACKAGE})")
  endif()
  target_compile_definitions(dagrad::${name} INTERFACE ${arg_DEFINITION})
endfunction()

# Libraries that programs linked with a static dagrad need as well.
set(DAGRAD_LINKED dagrad::fmt dagrad::tbb dagrad::zip)
dagrad_dependency(fmt PACKAGE libfmt-dev HEADER fmt/format.h LIBRARY fmt)
dagrad_dependency(tbb PACKAGE libtbb-dev HEADER oneapi/tbb/task_arena.h LIBRARY tbb)
dagrad_dependency(zip PACKAGE libzip-dev HEADER zip.h LIBRARY zip)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  dagrad_dependency(mvec PACKAGE libc6-dev LIBRARY mvec)
  list(APPEND DAGRAD_LINKED dagrad::mvec)
endif()
if(DAGRAD_ONEDNN)
  dagrad_dependency(onednn PACKAGE libdnnl-dev HEADER oneapi/dnnl/dnnl.hpp LIBRARY dnnl)
  # Debian's oneDNN is built with OpenMP, which dagrad restricts to one thread.
  dagrad_dependency(openmp PACKAGE libgomp1 LIBRARY libgomp.so.1)
  list(APPEND DAGRAD_LINKED dagrad::onednn dagrad::openmp)
endif()
if(DAGRAD_OPENBLAS)
  # Names the directory of the serial flavour at link time and at run time, because Debian's
  # alternatives may point libopenblas.so.0 to a flavour that starts threads when it is loaded.
  dagrad_dependency(openblas PACKAGE libopenblas-serial-dev
    HEADER cblas.h LIBRARY openblas FLAVOUR openblas-serial)
  cmake_path(GET DAGRAD_openblas_LIBRARY PARENT_PATH openblas_folder)
  target_link_options(dagrad::openblas INTERFACE LINKER:-rpath,${openblas_folder})
  list(APPEND DAGRAD_LINKED dagrad::openblas)
endif()
