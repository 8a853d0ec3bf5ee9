#include "millrace/files/object_file.hpp"

#include <fmt/format.h>

namespace millrace::detail {

namespace {

constexpr std::string_view label_prefix = "records msgpack ";

} // namespace

std::string object_file_label(std::string_view type) {
  return std::string{label_prefix} + std::string{type};
}

result<object_file_sink> object_file_sink::create(file_system& files, std::string path,
                                                  std::string_view type,
                                                  object_file_options options) {
  auto file = record_file_writer::create(files, std::move(path), object_file_label(type));
  if (!file)
    return tl::make_unexpected(std::move(file).error());
  return object_file_sink{std::move(*file), options};
}

tl::unexpected<error> object_file_sink::refused(const stream_error& why) const {
  return fail(why.code(), fmt::format("cannot write record {} to '{}': {}",
                                      file_.totals().records + pending_, file_.path(), why.what()));
}

result<void> object_file_sink::flush() {
  encoder head;
  head.begin_array(pending_);
  const auto body = records_.take();
  return file_.add(std::exchange(pending_, 0), {head.buffer(), body});
}

result<void> object_file_sink::finish() {
  if (pending_ != 0)
    if (auto written = flush(); !written)
      return written;
  return file_.finish();
}

result<object_file_input> object_file_input::open(const file_system& files, std::string path,
                                                  std::string_view type,
                                                  object_file_options options) {
  auto file = record_file_reader::open(files, std::move(path), options.max_block_bytes);
  if (!file)
    return tl::make_unexpected(std::move(file).error());
  const auto& label = file->label();
  if (!label.starts_with(label_prefix))
    return fail(
        errc::invalid_argument,
        fmt::format("'{}' holds '{}', not the records of an object file", file->path(), label));
  if (label != object_file_label(type))
    return fail(errc::invalid_argument,
                fmt::format("'{}' holds records of type '{}', but they are to be read as '{}'; if "
                            "that is one type under two names, specialise millrace::type_name",
                            file->path(), label.substr(label_prefix.size()), type));
  return object_file_input{std::move(*file)};
}

error object_file_input::bad_block(const record_file_block& block, const error& why) const {
  return {why.code, fmt::format("'{}', in the block at offset {}: {}", file_.path(), block.offset,
                                why.message)};
}

error object_file_input::bad_count(const record_file_block& block, std::size_t decoded) const {
  return {errc::corrupt_data,
          fmt::format("'{}': the block at offset {} says that it has {} records, but has {}",
                      file_.path(), block.offset, block.records, decoded)};
}

} // namespace millrace::detail
