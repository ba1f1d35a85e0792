# Compiles a text file of the source tree into a target: VARIABLE in NAMESPACE is its content, which
# the using file declares as `extern const char VARIABLE[]`.
#
#   strata_embed(target FILE strata/train/report.css NAMESPACE strata::train VARIABLE kReportStyle)
function(strata_embed target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "FILE;NAMESPACE;VARIABLE" "")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${arg_FILE})
  file(READ ${PROJECT_SOURCE_DIR}/${arg_FILE} text)
  set(generated ${PROJECT_BINARY_DIR}/generated/${arg_VARIABLE}.cpp)
  configure_file(${PROJECT_SOURCE_DIR}/cmake/embed.cpp.in ${generated} @ONLY)
  target_sources(${target} PRIVATE ${generated})
endfunction()
