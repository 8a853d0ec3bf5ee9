#include "millrace/files/unpack.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <new>
#include <utility>
#include <zlib.h>

#include <fmt/format.h>

namespace millrace {

namespace {

class gzip_input final : public byte_input {
public:
  gzip_input(std::unique_ptr<byte_input> packed, std::string path)
      : packed_{std::move(packed)}, path_{std::move(path)} {
    // 15: the largest window; 16: with gzip's header and checksum, and nothing else.
    if (::inflateInit2(&state_, 15 + 16) != Z_OK)
      throw std::bad_alloc{};
  }

  ~gzip_input() override { ::inflateEnd(&state_); }

  result<std::size_t> read(std::span<char> into) override {
    const auto room = std::min<std::size_t>(into.size(), std::numeric_limits<uInt>::max());
    state_.next_out = reinterpret_cast<Bytef*>(into.data());
    state_.avail_out = static_cast<uInt>(room);
    while (state_.avail_out == room && room != 0) {
      if (state_.avail_in == 0) {
        if (auto filled = fill(); !filled)
          return tl::make_unexpected(std::move(filled).error());
        if (state_.avail_in == 0)
          break;
      }
      if (between_members_)
        ::inflateReset(&state_);
      between_members_ = false;
      const int code = ::inflate(&state_, Z_NO_FLUSH);
      if (code == Z_MEM_ERROR)
        throw std::bad_alloc{};
      between_members_ = code == Z_STREAM_END;
      if (code != Z_OK && code != Z_STREAM_END)
        return corrupt(state_.msg != nullptr ? state_.msg : "not gzip data");
    }
    if (state_.avail_out == room && room != 0 && !between_members_)
      return corrupt("the packed data ends too early");
    return room - state_.avail_out;
  }

private:
  result<void> fill() {
    const auto got = packed_->read(buffer_);
    if (!got)
      return tl::make_unexpected(got.error());
    taken_ += *got;
    state_.next_in = reinterpret_cast<Bytef*>(buffer_.data());
    state_.avail_in = static_cast<uInt>(*got);
    return {};
  }

  [[nodiscard]] tl::unexpected<error> corrupt(std::string_view why) const {
    return fail(errc::corrupt_data, fmt::format("'{}' cannot be unpacked at offset {}: {}", path_,
                                                taken_ - state_.avail_in, why));
  }

  std::unique_ptr<byte_input> packed_;
  std::string path_;
  z_stream state_{};
  /// Also before the first byte: an empty file is no member, and not an error in itself.
  bool between_members_ = true;
  std::uint64_t taken_ = 0;
  std::array<char, 65'536> buffer_;
};

} // namespace

std::unique_ptr<byte_input> make_gzip_input(std::unique_ptr<byte_input> packed, std::string path) {
  return std::make_unique<gzip_input>(std::move(packed), std::move(path));
}

} // namespace millrace
