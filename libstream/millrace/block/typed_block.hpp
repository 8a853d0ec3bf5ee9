#pragma once

#include "millrace/block/block.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace millrace {

/// Bytes that a value owns outside itself, estimated; specialise it for own types that own much.
/// The primary template is for types that own nothing.
template <class T>
struct payload_size {
  static constexpr bool owns = false;

  static std::size_t of(const T&) noexcept { return 0; }
};

/// Bytes that `value` owns beyond sizeof(T).
template <class T>
std::size_t payload_bytes(const T& value) noexcept {
  return payload_size<T>::of(value);
}

template <>
struct payload_size<std::string> {
  static constexpr bool owns = true;

  static std::size_t of(const std::string& value) noexcept { return value.size(); }
};

template <class A, class B>
struct payload_size<std::pair<A, B>> {
  static constexpr bool owns =
      payload_size<std::remove_cv_t<A>>::owns || payload_size<std::remove_cv_t<B>>::owns;

  static std::size_t of(const std::pair<A, B>& value) noexcept {
    return payload_bytes(value.first) + payload_bytes(value.second);
  }
};

template <class... Ts>
struct payload_size<std::tuple<Ts...>> {
  static constexpr bool owns = (payload_size<std::remove_cv_t<Ts>>::owns || ...);

  static std::size_t of(const std::tuple<Ts...>& value) noexcept {
    return std::apply([](const auto&... xs) { return (std::size_t{0} + ... + payload_bytes(xs)); },
                      value);
  }
};

template <class T>
struct payload_size<std::optional<T>> {
  static constexpr bool owns = payload_size<T>::owns;

  static std::size_t of(const std::optional<T>& value) noexcept {
    return value ? payload_bytes(*value) : 0;
  }
};

template <class T>
struct payload_size<std::vector<T>> {
  static constexpr bool owns = true;

  static std::size_t of(const std::vector<T>& value) noexcept {
    auto total = value.size() * sizeof(T);
    if constexpr (payload_size<T>::owns)
      for (const auto& x : value)
        total += payload_bytes(x);
    return total;
  }
};

/// Records that are values of T, contiguous. Readable from any thread; spans taken from it are
/// valid as long as the block is.
template <class T>
class typed_block final : public block {
  static_assert(!std::is_same_v<T, bool>,
                "std::vector<bool> has no contiguous elements: use char or an enum as record type");

public:
  explicit typed_block(std::vector<T> items)
      : typed_block(std::make_shared<const std::vector<T>>(std::move(items))) {}

  /// Shares records that somebody else holds too, such as a partition of a batch; they must not
  /// change.
  explicit typed_block(std::shared_ptr<const std::vector<T>> items)
      : block(items->size(), payload_bytes(*items)), items_(std::move(items)) {}

  std::span<const T> items() const noexcept { return *items_; }

private:
  std::shared_ptr<const std::vector<T>> items_;
};

template <class T>
std::shared_ptr<const typed_block<T>> make_typed_block(std::vector<T> items) {
  return std::make_shared<const typed_block<T>>(std::move(items));
}

} // namespace millrace
