# `cmake --install`: libraries, headers, the program, find_package(strata) and pkg-config.
include(CMakePackageConfigHelpers)

set(strata_include ${CMAKE_INSTALL_INCLUDEDIR}/strata)
set(strata_cmake ${CMAKE_INSTALL_LIBDIR}/cmake/strata)

install(TARGETS strata strata_models strata_recipes EXPORT strata_targets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  INCLUDES DESTINATION ${strata_include})
if(TARGET strata_cli)
  install(TARGETS strata_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
foreach(folder strata models recipes)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/${folder} DESTINATION ${strata_include}
    FILES_MATCHING PATTERN "*.h"
    PATTERN "*-inl.h" EXCLUDE
    PATTERN "opcases" EXCLUDE)
endforeach()
install(FILES ${PROJECT_SOURCE_DIR}/third_party/dlpack/dlpack.h DESTINATION ${strata_include}/dlpack)

install(EXPORT strata_targets NAMESPACE strata:: DESTINATION ${strata_cmake})
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/strataConfig.cmake.in
  ${PROJECT_BINARY_DIR}/generated/strataConfig.cmake INSTALL_DESTINATION ${strata_cmake})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/generated/strataConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/generated/strataConfig.cmake
              ${PROJECT_BINARY_DIR}/generated/strataConfigVersion.cmake
              ${PROJECT_SOURCE_DIR}/cmake/FindLapack.cmake
              ${PROJECT_SOURCE_DIR}/cmake/FindTurboJPEG.cmake
        DESTINATION ${strata_cmake})

# A static library leaves its own libraries to the linker of the program, a shared one does not.
set(strata_own_libraries "-lhwy -lfmt -lpng -lturbojpeg -lz -llapack -lblas -lpthread")
if(BUILD_SHARED_LIBS)
  set(strata_public_libraries "")
else()
  set(strata_public_libraries "${strata_own_libraries}")
endif()
file(RELATIVE_PATH strata_pc_to_prefix /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
configure_file(${PROJECT_SOURCE_DIR}/cmake/strata.pc.in ${PROJECT_BINARY_DIR}/generated/strata.pc
               @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/generated/strata.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
