#include "support/places.hpp"

namespace millrace::test {

std::string data_directory() { return source_directory() + "/tests/data"; }
std::string source_directory() { return MILLRACE_SOURCE_DIR; }
std::string program_directory() { return MILLRACE_BIN_DIR; }

} // namespace millrace::test
