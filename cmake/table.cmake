# A folder whose files are enumerated: each FOLDER/<name>.cpp defines one function <name><SUFFIX>()
# that returns an ELEMENT or a vector of them. The generated table calls each once, in the order of
# the file names; a new file is picked up by the next build. The source of HEADER itself, if it has
# one in that folder, is left out.
#
#   strata_add_table(target FOLDER recipes HEADER recipes/recipe.h NAMESPACE strata::recipes
#                    ELEMENT Recipe RETURNS Recipe TABLE all_recipes)
#
# adds to the target the definition of `const std::vector<Recipe>& all_recipes()`, which the header
# declares.
function(strata_add_table target)
  cmake_parse_arguments(PARSE_ARGV 1 arg ""
    "FOLDER;HEADER;NAMESPACE;ELEMENT;RETURNS;SUFFIX;TABLE" "")
  if(NOT EXISTS ${PROJECT_SOURCE_DIR}/${arg_HEADER})
    return()
  endif()
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${arg_FOLDER}/*.cpp)
  get_filename_component(header_name ${arg_HEADER} NAME_WE)
  list(FILTER sources EXCLUDE REGEX "/${header_name}\\.cpp$")
  set(declarations "")
  set(calls "")
  foreach(source IN LISTS sources)
    get_filename_component(name ${source} NAME_WE)
    string(APPEND declarations "${arg_RETURNS} ${name}${arg_SUFFIX}();\n")
    string(APPEND calls "    add(${name}${arg_SUFFIX}());\n")
  endforeach()
  set(generated ${PROJECT_BINARY_DIR}/generated/${arg_TABLE}.cpp)
  configure_file(${PROJECT_SOURCE_DIR}/cmake/table.cpp.in ${generated} @ONLY)
  target_sources(${target} PRIVATE ${generated})
endfunction()
