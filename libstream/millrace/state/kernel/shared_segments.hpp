#pragma once

#include "millrace/state/kernel/segment.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace millrace::detail {

/// A segment as it was when its share began, while its writer goes on. Any thread may read it.
template <class T>
struct segment_share {
  segment_ptr<T> segment;
  std::uint32_t number;
};

/// The items of a `segment_array` as they were at one moment. Copies share them. Any thread may
/// read, while the array goes on changing.
template <class T>
class shared_segments {
public:
  shared_segments() = default;
  explicit shared_segments(std::vector<segment_share<T>> segments)
      : segments_{std::move(segments)} {}

  /// f(id, item) in order of ids. Copies one segment at a time.
  template <class F>
  void for_each(F f) const {
    reader read;
    for (std::size_t i = 0; i < segments_.size(); ++i)
      read.visit(segments_[i], i, f);
  }

  /// As `for_each`, letting go of each segment when it is copied.
  template <class F>
  void drain(F f) {
    reader read;
    for (std::size_t i = 0; i < segments_.size(); ++i)
      read.visit(std::exchange(segments_[i], {}), i, f);
    segments_.clear();
  }

private:
  struct reader {
    std::vector<std::pair<std::uint32_t, T>> copies;

    template <class F>
    void visit(segment_share<T> from, std::size_t number, F& f) {
      copies.clear();
      from.segment->copy_as_of(from.number, copies);
      from = {};
      for (const auto& [at, item] : copies)
        f(static_cast<std::uint32_t>(number * segment<T>::most_places + at), item);
    }
  };

  std::vector<segment_share<T>> segments_;
};

} // namespace millrace::detail
