#include "millrace/files/file_reader.hpp"

#include "millrace/files/fixed_framer.hpp"
#include "millrace/intake/line_framer.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace millrace {

namespace {

/// Room for one read.
constexpr std::size_t min_read = std::size_t{64} << 10U;

/// Arenas no larger than the file needs, because a directory may hold very many small ones.
std::shared_ptr<arena_pool> arenas_for(const file_system& files, const std::string& path,
                                       const read_options& options) {
  if (options.arenas)
    return options.arenas;
  auto size = options.expected_bytes;
  if (!size)
    size = files.stat(path).map([](const file_info& info) { return info.size; }).value_or(0);
  // Packed text is mostly a few times smaller than it is.
  const bool packed = path.ends_with(".gz") || path.ends_with(".zst");
  const auto bytes = std::min<std::uint64_t>(*size * (packed ? 4 : 1) + 2 * min_read,
                                             options.block_bytes + min_read);
  return std::make_shared<arena_pool>(
      arena_pool_options{.arena_bytes = static_cast<std::size_t>(bytes), .max_free_bytes = 0});
}

tl::unexpected<error> too_many_bytes(const std::string& path, std::uint64_t most) {
  return fail(errc::too_large,
              fmt::format("'{}' has more than {} bytes; raise max_file_bytes if that is meant",
                          path, most));
}

result<std::vector<block_ptr>> read_all(const file_system& files, const std::string& path,
                                        std::unique_ptr<record_framer> framer,
                                        const read_options& options) {
  auto reader = text_file_reader::open(files, path, std::move(framer), options);
  if (!reader)
    return tl::make_unexpected(std::move(reader).error());
  std::vector<block_ptr> blocks;
  for (;;) {
    auto block = reader->next();
    if (!block)
      return tl::make_unexpected(std::move(block).error());
    if (!*block)
      return blocks;
    blocks.push_back(std::move(*block));
  }
}

} // namespace

result<text_file_reader> text_file_reader::open(const file_system& files, std::string path,
                                                std::unique_ptr<record_framer> framer,
                                                const read_options& options) {
  auto input = open_byte_input(files, path,
                               {.expected_bytes = options.expected_bytes,
                                .max_zstd_window_log = options.max_zstd_window_log});
  if (!input)
    return tl::make_unexpected(std::move(input).error());
  text_assembler assembler{arenas_for(files, path, options), std::move(framer), min_read};
  return text_file_reader{std::move(*input), std::move(path), std::move(assembler), options};
}

text_file_reader::text_file_reader(std::unique_ptr<byte_input> input, std::string path,
                                   text_assembler assembler, const read_options& options)
    : input_{std::move(input)},
      path_{std::move(path)},
      assembler_{std::move(assembler)},
      builder_{options.block_bytes},
      max_file_bytes_{options.max_file_bytes},
      log_{options.log},
      metrics_{options.metrics},
      metric_label_{options.metric_label} {}

result<block_ptr> text_file_reader::next() {
  while (done_.empty() && !ended_)
    if (auto read = read_some(); !read)
      return tl::make_unexpected(std::move(read).error());
  if (done_.empty())
    return block_ptr{};
  auto block = std::move(done_.front());
  done_.pop_front();
  return block;
}

result<void> text_file_reader::read_some() {
  const auto got = input_->read(assembler_.writable());
  if (!got)
    return tl::make_unexpected(got.error());
  bytes_ += *got;
  if (bytes_ > max_file_bytes_)
    return too_many_bytes(path_, max_file_bytes_);
  ended_ = *got == 0;
  const auto unfinished = assembler_.unfinished_bytes();
  take(ended_ ? assembler_.finish() : assembler_.commit(*got));
  if (assembler_.failure())
    return fail(assembler_.failure()->code,
                fmt::format("'{}' at offset {}: {}", path_, bytes_ - *got - unfinished,
                            assembler_.failure()->message));
  if (ended_)
    if (auto last = builder_.cut())
      done_.push_back(std::move(last));
  return {};
}

void text_file_reader::take(text_piece piece) {
  report_oversize();
  std::ranges::move(builder_.add(std::move(piece)), std::back_inserter(done_));
}

void text_file_reader::report_oversize() {
  const auto count = oversize_count();
  if (count == reported_)
    return;
  const auto fresh = count - std::exchange(reported_, count);
  metrics_->add("records_oversize_total", metric_label_, fresh);
  const auto told = assembler_.framer().take_oversize();
  for (const auto& line : told)
    log_.repeated(log_level::warning, "lines of files that are too long",
                  fmt::format("'{}': a line of {} bytes at offset {} was skipped; the limit is {} "
                              "bytes (option stream.max_record_bytes)",
                              path_, line.bytes, line.offset, line.limit),
                  &line == &told.back() ? fresh - told.size() + 1 : 1);
}

result<std::vector<unsigned char>>
read_file_bytes(const file_system& files, const std::string& path, const read_options& options) {
  auto input = open_byte_input(files, path,
                               {.expected_bytes = options.expected_bytes,
                                .max_zstd_window_log = options.max_zstd_window_log});
  if (!input)
    return tl::make_unexpected(std::move(input).error());
  std::vector<unsigned char> bytes;
  std::vector<char> piece(min_read);
  for (;;) {
    const auto got = (*input)->read(piece);
    if (!got)
      return tl::make_unexpected(got.error());
    if (*got == 0)
      return bytes;
    if (bytes.size() + *got > options.max_file_bytes)
      return too_many_bytes(path, options.max_file_bytes);
    bytes.insert(bytes.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(*got));
  }
}

result<std::vector<block_ptr>> read_text_file(const file_system& files, const std::string& path,
                                              const read_options& options) {
  return read_all(files, path, std::make_unique<line_framer>(options.max_record_bytes), options);
}

result<std::vector<block_ptr>> read_fixed_records(const file_system& files, const std::string& path,
                                                  std::size_t record_bytes,
                                                  const read_options& options) {
  return read_all(files, path, std::make_unique<fixed_framer>(record_bytes), options);
}

} // namespace millrace
