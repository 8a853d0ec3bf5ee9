#pragma once

#include <optional>
#include <type_traits>

namespace millrace::detail {

/// A value that is there or not, where the owner knows which: an optional without its flag for
/// types that need none.
template <class V>
class known_optional {
public:
  const V& operator*() const noexcept { return value_; }
  void operator=(V value) noexcept { value_ = value; }
  void reset() noexcept {}

private:
  V value_{};
};

template <class V>
using known_optional_for = std::conditional_t<std::is_trivially_copyable_v<V> &&
                                                  std::is_trivially_default_constructible_v<V>,
                                              known_optional<V>, std::optional<V>>;

} // namespace millrace::detail
