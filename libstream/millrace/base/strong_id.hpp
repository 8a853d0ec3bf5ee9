#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <ostream>
#include <string>
#include <utility>

namespace millrace {

/// A number that names one kind of thing, so that the id of a stream cannot be passed where the id
/// of a node is wanted. A value type without owner, free to copy and use on any thread.
/// A default-made id is zero, which is a valid id: use std::optional where "none" is possible.
template <class Tag, class Rep = std::uint32_t>
class strong_id {
public:
  using tag_type = Tag;
  using rep_type = Rep;

  constexpr strong_id() = default;

  constexpr explicit strong_id(Rep value) noexcept : value_{value} {}

  [[nodiscard]] constexpr Rep value() const noexcept { return value_; }

  friend constexpr auto operator<=>(strong_id, strong_id) noexcept = default;

  template <class H>
  friend H AbslHashValue(H state, strong_id id) {
    return H::combine(std::move(state), id.value_);
  }

  friend std::string to_string(strong_id id) { return std::to_string(id.value_); }

  friend std::ostream& operator<<(std::ostream& out, strong_id id) { return out << id.value_; }

private:
  Rep value_{};
};

} // namespace millrace

template <class Tag, class Rep>
struct std::hash<millrace::strong_id<Tag, Rep>> {
  std::size_t operator()(millrace::strong_id<Tag, Rep> id) const noexcept {
    return std::hash<Rep>{}(id.value());
  }
};
