#pragma once

#include "millrace/chunk/view_access.hpp"

#include <cstddef>
#include <cstring>
#include <functional>
#include <memory>
#include <string_view>

namespace millrace {

/// Copies the text that views point to into one run of memory of just that size, so that they no
/// longer keep what they were cut from. A view that lies inside the one before it shares its copy.
///
/// First `count` every view, then `allocate`, then `move` every view, in the same order. The copy
/// lives as long as what `allocate` returned. Single-owner; views are unchanged until `move`.
class text_copy {
public:
  void count(std::string_view text) {
    if (!text.empty() && !inside_last(text)) {
      bytes_ += text.size();
      last_ = text;
    }
  }

  /// Null when there is no text. Throws std::bad_alloc.
  std::shared_ptr<const void> allocate() {
    last_ = {};
    if (bytes_ == 0)
      return nullptr;
    auto memory = std::make_shared_for_overwrite<char[]>(bytes_);
    next_ = memory.get();
    return memory;
  }

  void move(std::string_view& view) {
    if (view.empty()) {
      view = {};
      return;
    }
    if (!inside_last(view)) {
      std::memcpy(next_, view.data(), view.size());
      last_ = view;
      copy_ = next_;
      next_ += view.size();
    }
    view = {copy_ + (view.data() - last_.data()), view.size()};
  }

private:
  bool inside_last(std::string_view text) const {
    return std::less_equal<>{}(last_.data(), text.data()) &&
           std::less_equal<>{}(text.data() + text.size(), last_.data() + last_.size());
  }

  std::size_t bytes_ = 0;
  std::string_view last_; ///< The last one that got bytes of its own, where it was.
  const char* copy_ = nullptr;
  char* next_ = nullptr;
};

} // namespace millrace
