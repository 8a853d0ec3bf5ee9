# Flags and helpers for Millrace's own targets. Nothing here is global: a project that adds Millrace as a
# subdirectory sees neither warnings nor sanitizer flags that it did not ask for.

# Sanitizer flags must reach whatever links the libraries too, hence a target of their own, linked publicly.
add_library(millrace_sanitize INTERFACE)
if(MILLRACE_SANITIZE)
  target_compile_options(millrace_sanitize INTERFACE
    "-fsanitize=${MILLRACE_SANITIZE}" -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(millrace_sanitize INTERFACE "-fsanitize=${MILLRACE_SANITIZE}")
endif()

# For Millrace's own targets only, always linked privately.
add_library(millrace_own_flags INTERFACE)
if(MILLRACE_WARNINGS)
  target_compile_options(millrace_own_flags INTERFACE -Wall -Wextra -Wpedantic)
  # g++ 12 sees overlapping copies in "literal" + std::string that are not there (GCC bug 105329, fixed in 13).
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    target_compile_options(millrace_own_flags INTERFACE -Wno-restrict)
  endif()
  if(MILLRACE_WERROR)
    target_compile_options(millrace_own_flags INTERFACE -Werror)
  endif()
endif()
# g++ collects its garbage from 128 MiB on, but templates leave little of it: a sixth less time for a quarter more memory.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(millrace_own_flags INTERFACE
    "SHELL:--param ggc-min-heapsize=1048576" "SHELL:--param ggc-min-expand=200")
endif()

# CAF 0.17.6 binds a reference to null in detail/init_fun_factory.hpp when an actor is spawned without
# arguments; harmless, and inlined into our code. Only targets that use CAF give up that one check.
add_library(millrace_caf_quirks INTERFACE)
if(MILLRACE_SANITIZE MATCHES "undefined")
  target_compile_options(millrace_caf_quirks INTERFACE -fno-sanitize=null)
endif()

# All .cpp files below `folder`, or a stub while there is none, so that an empty room still configures.
function(millrace_glob_sources variable folder stub_name)
  file(GLOB_RECURSE found CONFIGURE_DEPENDS "${folder}/*.cpp")
  if(NOT found)
    set(stub "${PROJECT_BINARY_DIR}/stubs/${stub_name}.cpp")
    if(NOT EXISTS "${stub}")
      file(WRITE "${stub}" "namespace millrace {}\n")
    endif()
    set(found "${stub}")
  endif()
  set(${variable} "${found}" PARENT_SCOPE)
endfunction()

# millrace_library(<name> ROOT <include root>): the library made of everything below <include root>/millrace.
function(millrace_library name)
  cmake_parse_arguments(arg "" "ROOT" "" ${ARGN})
  millrace_glob_sources(sources "${arg_ROOT}/millrace" "${name}")
  add_library(millrace_${name} ${sources})
  add_library(Millrace::${name} ALIAS millrace_${name})
  set_target_properties(millrace_${name} PROPERTIES
    EXPORT_NAME ${name}
    POSITION_INDEPENDENT_CODE ON
    CXX_EXTENSIONS OFF
    VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
  target_compile_features(millrace_${name} PUBLIC cxx_std_20)
  target_include_directories(millrace_${name} PUBLIC
    "$<BUILD_INTERFACE:${arg_ROOT}>"
    "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
  target_link_libraries(millrace_${name}
    PUBLIC $<BUILD_INTERFACE:millrace_sanitize>
    PRIVATE $<BUILD_INTERFACE:millrace_own_flags>)
endfunction()

# millrace_precompile(<target> <header>...|REUSE_FROM <target>): parses the headers once for all units of the target.
# Sources include what they use all the same: the tsan preset builds without this.
function(millrace_precompile target)
  if(NOT MILLRACE_PRECOMPILE)
    return()
  endif()
  if(ARGV1 STREQUAL "REUSE_FROM")
    target_precompile_headers(${target} REUSE_FROM ${ARGV2})
  else()
    target_precompile_headers(${target} PRIVATE ${ARGN})
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -fpch-preprocess) # so that ccache can look behind them
  endif()
endfunction()

# millrace_program(<name> SOURCES ... [LIBRARIES ...]): a program in <build>/bin.
function(millrace_program name)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  set_target_properties(${name} PROPERTIES
    CXX_EXTENSIONS OFF
    RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
  target_link_libraries(${name} PRIVATE millrace_own_flags ${arg_LIBRARIES})
  # Some two dozen shared libraries of Abseil would be loaded at each start and never called.
  target_link_options(${name} PRIVATE -Wl,--as-needed)
endfunction()
