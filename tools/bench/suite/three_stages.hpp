#pragma once

#include "millrace/flow/stream_context.hpp"

#include <cstdint>
#include <functional>
#include <utility>

namespace millrace::bench {

/// Two exchanges, so three stages: counts the records by key, then the keys by their count.
inline auto three_stages(const dstream<std::pair<std::int64_t, std::int64_t>>& records) {
  return records.reduce_by_key(std::plus{})
      .map([](const std::pair<std::int64_t, std::int64_t>& r) {
        return std::pair{r.second, r.first};
      })
      .reduce_by_key(std::plus{});
}

} // namespace millrace::bench
