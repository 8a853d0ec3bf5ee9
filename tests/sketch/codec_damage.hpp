#pragma once

#include "millrace/codec/codec.hpp"

#include <algorithm>
#include <cstddef>

#include <doctest/doctest.h>

/// Stored sketches that were cut or damaged.
namespace millrace::test {

template <class T>
bytes encoded(const T& value) {
  encoder out;
  codec<T>::encode(out, value);
  return out.take();
}

template <class T>
result<T> decoded(const bytes& data) {
  decoder in{data};
  auto value = codec<T>::decode(in);
  if (value)
    if (auto end = in.expect_end(); !end)
      return tl::make_unexpected(end.error());
  return value;
}

/// Every cut is an error, and every changed byte an error or a value that can be used and stored.
template <class T, class Use>
void check_damaged(const T& value, Use use) {
  const bytes data = encoded(value);
  // Long ones are sampled, but not in their first bytes.
  const std::size_t step = std::max<std::size_t>(1, data.size() / 500);
  for (std::size_t n = 0; n < data.size(); n += n < 100 ? 1 : step) {
    const bytes cut(data.begin(), data.begin() + static_cast<std::ptrdiff_t>(n));
    const auto read = decoded<T>(cut);
    REQUIRE_FALSE(read);
    REQUIRE(read.error().code == errc::corrupt_data);
  }
  std::size_t errors = 0;
  for (std::size_t i = 0; i < data.size(); i += i < 100 ? 1 : step)
    for (const unsigned flip : {0x01u, 0x10u, 0x40u, 0x80u, 0xffu}) {
      bytes damaged = data;
      damaged[i] = static_cast<unsigned char>(damaged[i] ^ flip);
      auto read = decoded<T>(damaged);
      if (read) {
        REQUIRE(decoded<T>(encoded(*read)));
        use(*read);
      } else {
        REQUIRE_FALSE(read.error().message.empty());
        ++errors;
      }
    }
  CHECK(errors > 0);
}

} // namespace millrace::test
