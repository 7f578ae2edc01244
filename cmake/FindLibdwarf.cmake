# Libdwarf::Libdwarf. Debian 12's libdwarf (20210528) has no .pc file, and its headers are in
# <libdwarf/>.
find_path(LIBDWARF_INCLUDE_DIR libdwarf.h PATH_SUFFIXES libdwarf)
find_library(LIBDWARF_LIBRARY dwarf)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Libdwarf DEFAULT_MSG LIBDWARF_LIBRARY LIBDWARF_INCLUDE_DIR)
if(Libdwarf_FOUND AND NOT TARGET Libdwarf::Libdwarf)
  add_library(Libdwarf::Libdwarf UNKNOWN IMPORTED)
  set_target_properties(Libdwarf::Libdwarf PROPERTIES
    IMPORTED_LOCATION ${LIBDWARF_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${LIBDWARF_INCLUDE_DIR})
endif()
mark_as_advanced(LIBDWARF_INCLUDE_DIR LIBDWARF_LIBRARY)
