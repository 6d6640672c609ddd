# Installs dagrad::dagrad for find_package and pkg-config. Installed files do not contain the
# prefix, so the tree can be moved. A prefix holds one flavour of the library, static or shared.
include(CMakePackageConfigHelpers)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/dagrad)
set(package_files
  ${PROJECT_BINARY_DIR}/package/dagradConfig.cmake
  ${PROJECT_BINARY_DIR}/package/dagradConfigVersion.cmake)
if(NOT BUILD_SHARED_LIBS)
  list(APPEND package_files ${PROJECT_SOURCE_DIR}/src/cmake/dependencies.cmake)
endif()

configure_package_config_file(src/cmake/dagradConfig.cmake.in package/dagradConfig.cmake
  INSTALL_DESTINATION ${package_folder} NO_SET_AND_CHECK_MACRO)
# Before 1.0, a minor version may change the interface.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/package/dagradConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)

# For pkg-config: libraries outside the linker's default directories are named by path, and an rpath
# lets programs find them at run time.
set(private_libraries "")
foreach(dependency IN LISTS DAGRAD_LINKED)
  string(REPLACE "dagrad::" "" dependency ${dependency})
  set(library ${DAGRAD_${dependency}_LIBRARY})
  cmake_path(GET library PARENT_PATH folder)
  cmake_path(GET library STEM stem)
  string(REGEX REPLACE "^lib" "" stem ${stem})
  if(folder IN_LIST CMAKE_CXX_IMPLICIT_LINK_DIRECTORIES)
    string(APPEND private_libraries " -l${stem}")
  else()
    string(APPEND private_libraries " -L${folder} -l${stem} -Wl,-rpath,${folder}")
  endif()
endforeach()
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX
  BASE_DIRECTORY ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig OUTPUT_VARIABLE prefix_from_pc)
cmake_path(RELATIVE_PATH CMAKE_INSTALL_FULL_LIBDIR
  BASE_DIRECTORY ${CMAKE_INSTALL_PREFIX} OUTPUT_VARIABLE library_folder)
cmake_path(RELATIVE_PATH CMAKE_INSTALL_FULL_INCLUDEDIR
  BASE_DIRECTORY ${CMAKE_INSTALL_PREFIX} OUTPUT_VARIABLE include_folder)
configure_file(src/cmake/dagrad.pc.in package/dagrad.pc @ONLY)

install(TARGETS dagrad EXPORT dagradTargets)
install(DIRECTORY include/dagrad TYPE INCLUDE)
install(EXPORT dagradTargets NAMESPACE dagrad:: DESTINATION ${package_folder})
install(FILES ${package_files} DESTINATION ${package_folder})
install(FILES ${PROJECT_BINARY_DIR}/package/dagrad.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(FILES LICENSE TYPE DOC)
