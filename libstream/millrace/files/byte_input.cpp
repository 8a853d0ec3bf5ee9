#include "millrace/files/byte_input.hpp"

#include "millrace/files/unpack.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace millrace {

namespace {

/// A file as it is.
class plain_input final : public byte_input {
public:
  plain_input(std::unique_ptr<read_file_handle> file, std::string path, std::uint64_t size)
      : file_{std::move(file)}, path_{std::move(path)}, size_{size} {}

  result<std::size_t> read(std::span<char> into) override {
    into = into.first(static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), size_ - at_)));
    if (into.empty())
      return std::size_t{0};
    const auto got = file_->read({reinterpret_cast<unsigned char*>(into.data()), into.size()});
    if (!got)
      return fail(got.error().code, fmt::format("{} (at offset {})", got.error().message, at_));
    if (*got == 0)
      return fail(errc::io_error,
                  fmt::format("'{}' ends at offset {}, but it had {} bytes when it was found: it "
                              "was cut off meanwhile; files must not change once they are there",
                              path_, at_, size_));
    at_ += *got;
    return got;
  }

private:
  std::unique_ptr<read_file_handle> file_;
  std::string path_;
  std::uint64_t size_;
  std::uint64_t at_ = 0;
};

} // namespace

result<std::unique_ptr<byte_input>> open_byte_input(const file_system& files,
                                                    const std::string& path,
                                                    const byte_input_options& options) {
  auto file = files.open_read(path);
  if (!file)
    return tl::make_unexpected(std::move(file).error());
  const auto size = (*file)->size();
  if (!size)
    return tl::make_unexpected(size.error());
  std::unique_ptr<byte_input> input =
      std::make_unique<plain_input>(std::move(*file), path, options.expected_bytes.value_or(*size));
  if (path.ends_with(".gz"))
    return make_gzip_input(std::move(input), path);
  if (path.ends_with(".zst"))
    return make_zstd_input(std::move(input), path, options.max_zstd_window_log);
  return input;
}

} // namespace millrace
