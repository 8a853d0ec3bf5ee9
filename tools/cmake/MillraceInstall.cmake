# Install rules: libraries, headers, and the package files behind find_package(Millrace CONFIG).
include(CMakePackageConfigHelpers)
set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/Millrace")

install(TARGETS millrace_stream millrace_actors EXPORT MillraceTargets
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
foreach(root libstream actors)
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/${root}/millrace" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
    FILES_MATCHING PATTERN "*.hpp")
endforeach()

install(EXPORT MillraceTargets NAMESPACE Millrace:: DESTINATION "${package_dir}")
configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/MillraceConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/MillraceConfig.cmake" INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/MillraceConfigVersion.cmake"
  COMPATIBILITY SameMajorVersion)
install(FILES
  "${PROJECT_BINARY_DIR}/MillraceConfig.cmake"
  "${PROJECT_BINARY_DIR}/MillraceConfigVersion.cmake"
  "${CMAKE_CURRENT_LIST_DIR}/FindCAF.cmake"
  DESTINATION "${package_dir}")
