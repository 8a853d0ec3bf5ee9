#include "millrace/files/unpack.hpp"

#include <array>
#include <new>
#include <utility>
#include <zstd.h>

#include <fmt/format.h>

namespace millrace {

namespace {

struct free_stream {
  void operator()(ZSTD_DStream* stream) const noexcept { ::ZSTD_freeDStream(stream); }
};

class zstd_input final : public byte_input {
public:
  zstd_input(std::unique_ptr<byte_input> packed, std::string path, int max_window_log)
      : packed_{std::move(packed)}, path_{std::move(path)}, stream_{::ZSTD_createDStream()} {
    if (!stream_)
      throw std::bad_alloc{};
    ::ZSTD_DCtx_setParameter(stream_.get(), ZSTD_d_windowLogMax, max_window_log);
  }

  result<std::size_t> read(std::span<char> into) override {
    ZSTD_outBuffer out{into.data(), into.size(), 0};
    while (out.pos == 0 && out.size != 0) {
      if (in_.pos == in_.size && !flushing_) {
        const auto got = packed_->read(buffer_);
        if (!got)
          return tl::make_unexpected(got.error());
        if (*got == 0)
          break;
        taken_ += *got;
        in_ = {buffer_.data(), *got, 0};
      }
      const auto left = ::ZSTD_decompressStream(stream_.get(), &out, &in_);
      if (::ZSTD_isError(left) != 0)
        return corrupt(::ZSTD_getErrorName(left));
      // 0: a frame is complete. Otherwise a full buffer may have left output behind.
      in_frame_ = left != 0;
      flushing_ = in_frame_ && out.pos == out.size;
    }
    if (out.pos == 0 && out.size != 0 && in_frame_)
      return corrupt("the packed data ends too early");
    return out.pos;
  }

private:
  [[nodiscard]] tl::unexpected<error> corrupt(std::string_view why) const {
    return fail(errc::corrupt_data, fmt::format("'{}' cannot be unpacked at offset {}: {}", path_,
                                                taken_ - (in_.size - in_.pos), why));
  }

  std::unique_ptr<byte_input> packed_;
  std::string path_;
  std::unique_ptr<ZSTD_DStream, free_stream> stream_;
  ZSTD_inBuffer in_{nullptr, 0, 0};
  bool in_frame_ = false;
  bool flushing_ = false;
  std::uint64_t taken_ = 0;
  std::array<char, 131'072> buffer_;
};

} // namespace

std::unique_ptr<byte_input> make_zstd_input(std::unique_ptr<byte_input> packed, std::string path,
                                            int max_window_log) {
  return std::make_unique<zstd_input>(std::move(packed), std::move(path), max_window_log);
}

} // namespace millrace
