#include "millrace/sketch/space_saving.hpp"

#include <fmt/format.h>

namespace millrace::detail {

std::size_t checked_sketch_capacity(std::size_t capacity) {
  constexpr std::size_t most = space_saving<int>::max_capacity;
  if (capacity < 1 || capacity > most)
    throw stream_error(
        errc::invalid_argument,
        fmt::format("space_saving: a capacity of {}; allowed are 1 to {}", capacity, most));
  return capacity;
}

void throw_capacities_differ(std::size_t mine, std::size_t other) {
  throw stream_error(errc::invalid_argument,
                     fmt::format("space_saving: sketches of capacity {} and {} cannot be merged; "
                                 "use one capacity",
                                 mine, other));
}

} // namespace millrace::detail
