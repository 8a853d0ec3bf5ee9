#pragma once

#include "millrace/block/block.hpp"
#include "millrace/block/text_block.hpp"
#include "millrace/block/typed_block.hpp"
#include "millrace/codec/codec.hpp"
#include "millrace/codec/type_name.hpp"
#include "millrace/io/file_system.hpp"
#include "millrace/io/record_file.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace millrace {

struct object_file_options {
  /// Encoded bytes at which a block is written. Larger: fewer blocks, more memory for each.
  std::size_t block_bytes = std::size_t{1} << 20U;
  /// Of one block, when reading: what a file may make its reader hold.
  std::size_t max_block_bytes = std::size_t{256} << 20U;
  decode_limits limits = {};
};

namespace detail {

/// The label of an object file whose records are of the type of this name.
[[nodiscard]] std::string object_file_label(std::string_view type);

/// The part of writing an object file that does not know the type of its records.
class object_file_sink {
public:
  static result<object_file_sink> create(file_system& files, std::string path,
                                         std::string_view type, object_file_options options);

  /// Where the next records are encoded to.
  encoder& records() noexcept { return records_; }

  /// Counts the record just encoded, and writes a block if one is full.
  result<void> added() {
    ++pending_;
    if (records_.buffer().size() < options_.block_bytes && pending_ < max_pending)
      return {};
    return flush();
  }

  /// The error of a record that its codec refused.
  tl::unexpected<error> refused(const stream_error& why) const;

  result<void> finish();

  [[nodiscard]] const record_file_totals& totals() const noexcept { return file_.totals(); }

private:
  static constexpr std::uint32_t max_pending = 1U << 24U;

  object_file_sink(record_file_writer file, object_file_options options)
      : file_{std::move(file)}, options_{options} {}

  result<void> flush();

  record_file_writer file_;
  object_file_options options_;
  encoder records_;
  std::uint32_t pending_ = 0;
};

/// The part of reading one that does not know the type of its records.
class object_file_input {
public:
  static result<object_file_input> open(const file_system& files, std::string path,
                                        std::string_view type, object_file_options options);

  result<std::optional<record_file_block>> next() { return file_.next(); }

  /// The decoder's error with file and offset; or the error of a block whose records are not as
  /// many as it says.
  [[nodiscard]] error bad_block(const record_file_block& block, const error& why) const;
  [[nodiscard]] error bad_count(const record_file_block& block, std::size_t decoded) const;

private:
  explicit object_file_input(record_file_reader file) : file_{std::move(file)} {}

  record_file_reader file_;
};

} // namespace detail

/// Writes records to an object file (`FORMAT.md`), which `read_object_file` and file streams read
/// back. One owner, one thread at a time. The file is good once `finish` has returned: write it
/// under a name that nobody reads. An error names the file, and ends the writer's use.
template <encodable T>
class object_file_writer {
public:
  /// What the file held before is gone.
  static result<object_file_writer> create(file_system& files, std::string path,
                                           object_file_options options = {}) {
    auto sink =
        detail::object_file_sink::create(files, std::move(path), type_name_of<T>(), options);
    if (!sink)
      return tl::make_unexpected(std::move(sink).error());
    return object_file_writer{std::move(*sink)};
  }

  /// Rethrows what a codec throws unless it is a `stream_error`, which becomes the result's.
  template <class Records>
  result<void> add(const Records& records) {
    for (const T& record : records) {
      try {
        codec<T>::encode(sink_.records(), record);
      } catch (const stream_error& e) {
        return sink_.refused(e);
      }
      if (auto added = sink_.added(); !added)
        return added;
    }
    return {};
  }

  /// On return all of it is durable (its name is after `sync_directory`).
  result<void> finish() { return sink_.finish(); }

  /// What has been written; all of it once finished.
  [[nodiscard]] const record_file_totals& totals() const noexcept { return sink_.totals(); }

private:
  explicit object_file_writer(detail::object_file_sink sink) : sink_{std::move(sink)} {}

  detail::object_file_sink sink_;
};

/// Reads an object file block by block: `typed_block<T>`, or `text_block` for std::string_view. One
/// owner, one thread at a time.
template <class T>
requires decodable<T> || std::is_same_v<T, std::string_view>
class object_file_reader {
public:
  /// invalid_argument when the records of the file are of another type.
  static result<object_file_reader> open(const file_system& files, std::string path,
                                         object_file_options options = {}) {
    auto input =
        detail::object_file_input::open(files, std::move(path), type_name_of<T>(), options);
    if (!input)
      return tl::make_unexpected(std::move(input).error());
    return object_file_reader{std::move(*input), options};
  }

  /// The next block, in the order of the file; null after the last one. Errors name the file and
  /// the offset.
  result<block_ptr> next() {
    using owned_record = std::conditional_t<std::is_same_v<T, std::string_view>, std::string, T>;
    const auto block = input_.next();
    if (!block)
      return tl::make_unexpected(block.error());
    if (!*block)
      return block_ptr{};
    auto records = decode_records<owned_record>((*block)->content, options_.limits);
    if (!records)
      return tl::make_unexpected(input_.bad_block(**block, records.error()));
    if (records->size() != (*block)->records)
      return tl::make_unexpected(input_.bad_count(**block, records->size()));
    if constexpr (std::is_same_v<T, std::string_view>)
      return make_text_block(std::vector<std::string_view>{records->begin(), records->end()});
    else
      return make_typed_block(std::move(*records));
  }

private:
  object_file_reader(detail::object_file_input input, object_file_options options)
      : input_{std::move(input)}, options_{options} {}

  detail::object_file_input input_;
  object_file_options options_;
};

/// All blocks of an object file.
template <class T>
[[nodiscard]] result<std::vector<block_ptr>> read_object_file(const file_system& files,
                                                              const std::string& path,
                                                              object_file_options options = {}) {
  auto reader = object_file_reader<T>::open(files, path, options);
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

} // namespace millrace
