# LAPACK by library alone: its Fortran interface needs no header. The reference LAPACK serves as well
# as OpenBLAS: distributions let the administrator choose what these names stand for. Defines the
# target Lapack::lapack.
find_library(Lapack_LIBRARY lapack)
find_library(Lapack_BLAS_LIBRARY blas)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Lapack REQUIRED_VARS Lapack_LIBRARY Lapack_BLAS_LIBRARY)
mark_as_advanced(Lapack_LIBRARY Lapack_BLAS_LIBRARY)
if(Lapack_FOUND AND NOT TARGET Lapack::lapack)
  add_library(Lapack::lapack UNKNOWN IMPORTED)
  set_target_properties(Lapack::lapack PROPERTIES
    IMPORTED_LOCATION ${Lapack_LIBRARY} INTERFACE_LINK_LIBRARIES ${Lapack_BLAS_LIBRARY})
endif()
