#pragma once

#include "millrace/files/byte_input.hpp"

#include <memory>
#include <string>

namespace millrace {

/// Unpacks gzip; `path` is for errors. Packed input that ends early, is damaged, or is followed by
/// anything but another member is corrupt_data with the offset in the packed file.
[[nodiscard]] std::unique_ptr<byte_input> make_gzip_input(std::unique_ptr<byte_input> packed,
                                                          std::string path);

/// The same for zstd. Input that needs a window of more than 2^max_window_log bytes is an error
/// too.
[[nodiscard]] std::unique_ptr<byte_input> make_zstd_input(std::unique_ptr<byte_input> packed,
                                                          std::string path, int max_window_log);

} // namespace millrace
