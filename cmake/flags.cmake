# Compiler flags of everything built here; none of them reaches a program that links the library.
add_library(strata_flags INTERFACE)
target_include_directories(strata_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_features(strata_flags INTERFACE cxx_std_20)
target_compile_options(strata_flags INTERFACE
  -Wall -Wextra $<$<BOOL:${STRATA_WERROR}>:-Werror>)
# A target may ask for another level than -O2 by its property STRATA_OPTIMIZATION.
set(wanted $<TARGET_PROPERTY:STRATA_OPTIMIZATION>)
target_compile_options(strata_flags INTERFACE
  $<$<CONFIG:Release>:$<IF:$<BOOL:${wanted}>,${wanted},-O2>>)
if(STRATA_FUZZ)
  target_compile_options(strata_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(STRATA_SANITIZE)
  target_compile_options(strata_flags INTERFACE
    -fsanitize=${STRATA_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(strata_flags INTERFACE -fsanitize=${STRATA_SANITIZE})
  # GCC warns of the standard library's own code once the sanitizers have been through it.
  target_compile_options(strata_flags INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
endif()

# In release builds the files of a target share what they all include: reading the standard library
# is half the time of compiling most of them. Other presets do without, so that no file lives on what
# another one includes, and so do builds with a compiler cache, which would miss every file.
function(strata_precompile target)
  if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    target_precompile_headers(${target} PRIVATE ${ARGN})
  endif()
endfunction()

# Adds a library that consumers include as "strata/...": static, or shared with BUILD_SHARED_LIBS.
# One without sources yet gets an empty one, so that the folders may be filled in any order.
function(strata_add_library name)
  set(sources ${ARGN})
  list(REMOVE_ITEM sources STATIC)
  if(NOT sources)
    file(WRITE ${PROJECT_BINARY_DIR}/generated/${name}_empty.cpp "")
    list(APPEND ARGN ${PROJECT_BINARY_DIR}/generated/${name}_empty.cpp)
  endif()
  add_library(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE $<BUILD_INTERFACE:strata_flags>)
  target_compile_features(${name} PUBLIC cxx_std_20)
  target_include_directories(${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>)
  set_target_properties(${name} PROPERTIES
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
  strata_precompile(${name} <algorithm> <cmath> <functional> <map> <memory> <optional> <string>
    <string_view> <unordered_map> <utility> <vector> <fmt/format.h>)
  get_target_property(type ${name} TYPE)
  if(type STREQUAL "SHARED_LIBRARY")
    set(exports ${PROJECT_SOURCE_DIR}/cmake/exports.map)
    target_link_options(${name} PRIVATE -Wl,--version-script=${exports} -Wl,--no-undefined)
    set_property(TARGET ${name} APPEND PROPERTY LINK_DEPENDS ${exports})
    target_compile_options(${name} PRIVATE -fno-semantic-interposition)
  endif()
endfunction()

# Kernels are compiled with -O3. Highway makes one copy of each for SSE4, AVX2 and AVX-512 ("AVX3")
# and picks at run time; its other x86 targets cost compile time and serve no machine we know of.
# Wanting SSE4 makes it the oldest target, so that the scalar one can go. Their flags are not those of
# the precompiled headers.
function(strata_set_kernel_flags)
  set(sources ${ARGN})
  list(FILTER sources INCLUDE REGEX "/strata/kernels/")
  set_property(SOURCE ${sources} PROPERTY SKIP_PRECOMPILE_HEADERS ON)
  if(CMAKE_BUILD_TYPE STREQUAL "Release")
    set_property(SOURCE ${sources} APPEND PROPERTY COMPILE_OPTIONS -O3)
  endif()
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    set_property(SOURCE ${sources} APPEND PROPERTY COMPILE_DEFINITIONS
      HWY_WANT_SSE4=1 "HWY_DISABLED_TARGETS=(HWY_SSSE3|HWY_AVX3_DL|HWY_EMU128|HWY_SCALAR)")
  endif()
endfunction()
