#pragma once

#include "millrace/base/error.hpp"
#include "millrace/base/log.hpp"
#include "millrace/base/metrics.hpp"
#include "millrace/block/block.hpp"
#include "millrace/block/block_builder.hpp"
#include "millrace/block/record_framer.hpp"
#include "millrace/block/text_assembler.hpp"
#include "millrace/files/byte_input.hpp"
#include "millrace/io/file_system.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace {

struct read_options {
  /// The size of the file when it was selected: fewer bytes are an error, and what has been added
  /// since is not read. Without it the size when it is opened counts.
  std::optional<std::uint64_t> expected_bytes = std::nullopt;
  /// A longer line is skipped, counted and reported. At most 2^30.
  std::size_t max_record_bytes = std::size_t{1} << 20U;
  /// About how large a block becomes. Larger: fewer blocks, less parallelism in a batch.
  std::size_t block_bytes = std::size_t{4} << 20U;
  /// Bytes that one file may give, unpacked; more are an error.
  std::uint64_t max_file_bytes = std::uint64_t{4} << 30U;
  /// See `byte_input_options`.
  int max_zstd_window_log = 27;
  /// Memory for text, shared among files; without one each file has its own.
  std::shared_ptr<arena_pool> arenas = nullptr;
  /// Told of skipped lines.
  logger log = {};
  std::shared_ptr<metric_observer> metrics = null_metrics();
  /// The label of `records_oversize_total`: the stream.
  std::string metric_label = {};
};

/// Reads the text records of one file block by block, unpacking it by its name's ending (`.gz`,
/// `.zst`); memory is one block and the framer's unfinished record.
/// One owner, one thread at a time; reads within `next`, so it may take as long as the disk does.
class text_file_reader {
public:
  [[nodiscard]] static result<text_file_reader> open(const file_system& files, std::string path,
                                                     std::unique_ptr<record_framer> framer,
                                                     const read_options& options = {});

  /// The next block, in the order of the file; null after the last one. After an error (which names
  /// the file, and the offset where that is known) or the end it must not be called again.
  [[nodiscard]] result<block_ptr> next();

  /// Lines left out so far because they are too long.
  [[nodiscard]] std::uint64_t oversize_count() { return assembler_.framer().oversize_count(); }

private:
  text_file_reader(std::unique_ptr<byte_input> input, std::string path, text_assembler assembler,
                   const read_options& options);

  [[nodiscard]] result<void> read_some();
  void take(text_piece piece);
  void report_oversize();

  std::unique_ptr<byte_input> input_;
  std::string path_;
  text_assembler assembler_;
  text_block_builder builder_;
  std::deque<block_ptr> done_;
  bool ended_ = false;
  std::uint64_t bytes_ = 0;
  std::uint64_t max_file_bytes_;
  std::uint64_t reported_ = 0;
  logger log_;
  std::shared_ptr<metric_observer> metrics_;
  std::string metric_label_;
};

/// The lines of a file: without "\n" or "\r\n"; an unterminated last line counts.
[[nodiscard]] result<std::vector<block_ptr>>
read_text_file(const file_system& files, const std::string& path, const read_options& options = {});

/// The records of `record_bytes` bytes each that the file consists of; a rest is an error.
[[nodiscard]] result<std::vector<block_ptr>> read_fixed_records(const file_system& files,
                                                                const std::string& path,
                                                                std::size_t record_bytes,
                                                                const read_options& options = {});

/// All bytes of the file, unpacked.
[[nodiscard]] result<std::vector<unsigned char>> read_file_bytes(const file_system& files,
                                                                 const std::string& path,
                                                                 const read_options& options = {});

} // namespace millrace
