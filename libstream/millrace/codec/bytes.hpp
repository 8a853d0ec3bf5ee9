#pragma once

#include <vector>

namespace millrace {

/// Encoded or raw bytes.
using bytes = std::vector<unsigned char>;

} // namespace millrace
