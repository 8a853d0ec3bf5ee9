#include "millrace/io/record_file.hpp"

#include <algorithm>
#include <array>
#include <concepts>
#include <utility>
#include <xxhash.h>

#include <fmt/format.h>

namespace millrace {

namespace {

using byte_vector = std::vector<unsigned char>;
using byte_span = std::span<const unsigned char>;

// The first byte is no text, and the line ends are changed by whoever takes the file for text.
constexpr std::array<unsigned char, 8> magic{0x89, 'M', 'R', 'F', '\r', '\n', 0x1a, '\n'};
constexpr std::uint32_t version = 1;
constexpr std::uint32_t block_tag = 0x4b434c42;   // "BLCK"
constexpr std::uint32_t trailer_tag = 0x444e4546; // "FEND"
constexpr std::size_t header_bytes = magic.size() + 8;
constexpr std::size_t block_head_bytes = 12;
constexpr std::size_t trailer_bytes = 28;
constexpr std::size_t checksum_bytes = 8;

template <std::unsigned_integral T>
void put(byte_vector& to, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i)
    to.push_back(static_cast<unsigned char>(value >> (8 * i)));
}

template <std::unsigned_integral T>
T get(byte_span from, std::size_t at) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i)
    value |= static_cast<T>(static_cast<T>(from[at + i]) << (8 * i));
  return value;
}

std::uint64_t checksum(byte_span data, std::uint64_t seed) {
  return XXH3_64bits_withSeed(data.data(), data.size(), seed);
}

/// Of a block: chained through its head and its number, so that a block out of its place is seen.
std::uint64_t block_checksum(byte_span head, byte_span content, std::uint64_t number) {
  return checksum(content, checksum(head, number));
}

/// The trailer's checksum has a seed that no block's can have.
constexpr std::uint64_t trailer_seed = ~std::uint64_t{0};

} // namespace

result<record_file_writer> record_file_writer::create(file_system& files, std::string path,
                                                      std::string_view label) {
  if (label.size() > max_label_bytes)
    return fail(errc::too_large, fmt::format("cannot write '{}': its label has {} bytes, at most "
                                             "{} are allowed",
                                             path, label.size(), max_label_bytes));
  auto file = files.open_append(path);
  if (!file)
    return tl::make_unexpected(std::move(file).error());
  const auto size = (*file)->size();
  if (!size)
    return tl::make_unexpected(size.error());
  if (*size != 0)
    if (auto emptied = (*file)->truncate(0); !emptied)
      return tl::make_unexpected(std::move(emptied).error());
  byte_vector header{magic.begin(), magic.end()};
  put(header, version);
  put(header, static_cast<std::uint32_t>(label.size()));
  header.insert(header.end(), label.begin(), label.end());
  put(header, checksum(header, 0));
  if (auto written = (*file)->append(header); !written)
    return tl::make_unexpected(std::move(written).error());
  return record_file_writer{std::move(*file), std::move(path)};
}

result<void> record_file_writer::add(std::uint32_t records,
                                     std::initializer_list<byte_span> parts) {
  std::size_t size = 0;
  for (const auto& part : parts)
    size += part.size();
  if (size > max_block_bytes)
    return fail(errc::too_large, fmt::format("cannot write '{}': a block of {} bytes is more than "
                                             "the {} that are allowed; is one record that large?",
                                             path_, size, max_block_bytes));
  byte_vector block;
  block.reserve(block_head_bytes + size + checksum_bytes);
  put(block, block_tag);
  put(block, records);
  put(block, static_cast<std::uint32_t>(size));
  for (const auto& part : parts)
    block.insert(block.end(), part.begin(), part.end());
  const byte_span whole{block};
  put(block, block_checksum(whole.first(block_head_bytes), whole.subspan(block_head_bytes),
                            totals_.blocks));
  if (auto written = file_->append(block); !written)
    return written;
  totals_.blocks += 1;
  totals_.records += records;
  totals_.bytes += size;
  return {};
}

result<void> record_file_writer::finish() {
  byte_vector trailer;
  put(trailer, trailer_tag);
  put(trailer, totals_.blocks);
  put(trailer, totals_.records);
  put(trailer, totals_.bytes);
  put(trailer, checksum(trailer, trailer_seed));
  if (auto written = file_->append(trailer); !written)
    return written;
  return file_->sync();
}

result<record_file_reader> record_file_reader::open(const file_system& files, std::string path,
                                                    std::size_t max_block_bytes) {
  auto file = files.open_read(path);
  if (!file)
    return tl::make_unexpected(std::move(file).error());
  const auto size = (*file)->size();
  if (!size)
    return tl::make_unexpected(size.error());
  record_file_reader reader{std::move(*file), std::move(path), *size, max_block_bytes};
  if (auto header = reader.read_header(); !header)
    return tl::make_unexpected(std::move(header).error());
  return reader;
}

result<void> record_file_reader::read_header() {
  byte_vector header(header_bytes);
  if (auto filled = fill(header); !filled)
    return filled;
  if (!std::equal(magic.begin(), magic.end(), header.begin()))
    return corrupt(0, "it does not begin as a record file of Millrace does");
  const auto label_bytes = get<std::uint32_t>(header, magic.size() + 4);
  if (label_bytes > record_file_writer::max_label_bytes)
    return corrupt(magic.size() + 4, fmt::format("its label cannot have {} bytes, only {}",
                                                 label_bytes, record_file_writer::max_label_bytes));
  header.resize(header_bytes + label_bytes + checksum_bytes);
  if (auto filled = fill(std::span{header}.subspan(header_bytes)); !filled)
    return filled;
  const auto covered = byte_span{header}.first(header_bytes + label_bytes);
  if (get<std::uint64_t>(header, covered.size()) != checksum(covered, 0))
    return corrupt(0, "the checksum of its header is not right");
  if (const auto found = get<std::uint32_t>(header, magic.size()); found != version)
    return fail(errc::unsupported,
                fmt::format("'{}' is a record file of version {}; this build reads version {}",
                            path_, found, version));
  label_.assign(covered.begin() + header_bytes, covered.end());
  return {};
}

result<std::optional<record_file_block>> record_file_reader::next() {
  const auto start = at_;
  std::array<unsigned char, block_head_bytes> head{};
  if (auto filled = fill(std::span{head}.first(4)); !filled)
    return tl::make_unexpected(std::move(filled).error());
  const auto tag = get<std::uint32_t>(head, 0);
  if (tag == trailer_tag) {
    if (auto ended = check_trailer(); !ended)
      return tl::make_unexpected(std::move(ended).error());
    return std::nullopt;
  }
  if (tag != block_tag)
    return corrupt(start, "neither a block nor the trailer begins here");
  if (auto filled = fill(std::span{head}.subspan(4)); !filled)
    return tl::make_unexpected(std::move(filled).error());
  const auto bytes = get<std::uint32_t>(head, 8);
  // Whatever the head says, no more memory is taken than there are bytes in the file.
  if (bytes > size_ - std::min(size_, at_))
    return corrupt(start, fmt::format("the block there has {} bytes, but the file ends before "
                                      "that, at {}",
                                      bytes, size_));
  if (bytes > max_block_bytes_)
    return corrupt(start, fmt::format("the block there has {} bytes; at most {} are allowed", bytes,
                                      max_block_bytes_));
  record_file_block block{get<std::uint32_t>(head, 4), at_, byte_vector(bytes)};
  std::array<unsigned char, checksum_bytes> sum{};
  if (auto filled = fill(block.content); !filled)
    return tl::make_unexpected(std::move(filled).error());
  if (auto filled = fill(sum); !filled)
    return tl::make_unexpected(std::move(filled).error());
  if (get<std::uint64_t>(sum, 0) != block_checksum(head, block.content, totals_.blocks))
    return corrupt(start, "the checksum of the block there is not right");
  totals_.blocks += 1;
  totals_.records += block.records;
  totals_.bytes += bytes;
  return block;
}

result<void> record_file_reader::check_trailer() {
  const auto start = at_ - 4;
  byte_vector trailer;
  put(trailer, trailer_tag);
  trailer.resize(trailer_bytes + checksum_bytes);
  if (auto filled = fill(std::span{trailer}.subspan(4)); !filled)
    return filled;
  if (get<std::uint64_t>(trailer, trailer_bytes) !=
      checksum(byte_span{trailer}.first(trailer_bytes), trailer_seed))
    return corrupt(start, "the checksum of the trailer there is not right");
  const record_file_totals told{get<std::uint64_t>(trailer, 4), get<std::uint64_t>(trailer, 12),
                                get<std::uint64_t>(trailer, 20)};
  if (told != totals_)
    return corrupt(start, fmt::format("the trailer there tells of {} blocks with {} records, but "
                                      "{} with {} come before it",
                                      told.blocks, told.records, totals_.blocks, totals_.records));
  std::array<unsigned char, 1> more{};
  const auto got = file_->read(more);
  if (!got)
    return tl::make_unexpected(got.error());
  if (*got != 0)
    return corrupt(at_, "something follows its trailer");
  return {};
}

result<void> record_file_reader::fill(std::span<unsigned char> into) {
  while (!into.empty()) {
    const auto got = file_->read(into);
    if (!got)
      return fail(got.error().code, fmt::format("{} (at offset {})", got.error().message, at_));
    if (*got == 0)
      return corrupt(at_, "it is cut off there");
    at_ += *got;
    into = into.subspan(*got);
  }
  return {};
}

tl::unexpected<error> record_file_reader::corrupt(std::uint64_t offset,
                                                  std::string_view why) const {
  return fail(errc::corrupt_data,
              fmt::format("'{}' is damaged at offset {}: {}", path_, offset, why));
}

} // namespace millrace
