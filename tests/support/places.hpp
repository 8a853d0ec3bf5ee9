#pragma once

#include <string>

namespace millrace::test {

// Absolute paths, without a slash at the end. They are compiled into one file only, so that a clone
// in another place can take the other object files from a compiler cache.

/// tests/data.
std::string data_directory();
/// The root of the source tree.
std::string source_directory();
/// Where the build puts programs.
std::string program_directory();

} // namespace millrace::test
