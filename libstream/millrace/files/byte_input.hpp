#pragma once

#include "millrace/base/error.hpp"
#include "millrace/io/file_system.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace millrace {

/// The bytes of a file from its beginning to its end, as its records have them: unpacked. One
/// owner, one thread at a time.
class byte_input {
public:
  byte_input() = default;
  byte_input(const byte_input&) = delete;
  byte_input& operator=(const byte_input&) = delete;
  virtual ~byte_input() = default;

  /// The next bytes; 0 only at the end (or when `into` is empty). An error names the file and the
  /// offset in it; nothing can be read after one.
  virtual result<std::size_t> read(std::span<char> into) = 0;
};

struct byte_input_options {
  /// The size of the file when it was selected: fewer bytes are an error, and what has been added
  /// since is not read. Without it the size when it is opened counts.
  std::optional<std::uint64_t> expected_bytes = std::nullopt;
  /// Memory that the packer of a zstd file may have asked its readers to use, as a power of two.
  int max_zstd_window_log = 27;
};

/// Opens a file; one whose name ends in `.gz` or `.zst` is unpacked, with all its members or frames
/// one after the other. How much it may unpack to is for the reader to bound.
[[nodiscard]] result<std::unique_ptr<byte_input>>
open_byte_input(const file_system& files, const std::string& path,
                const byte_input_options& options = {});

} // namespace millrace
