#pragma once

#include "millrace/state/state_store.hpp"

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace millrace::test {

using text_store = state_store<std::string, int>;
using counts = std::map<std::string, int>;

/// Each character is a record whose key it is.
inline void update_letters(text_store& states, const std::string& letters,
                           const std::function<void(const std::string&, state<int>&)>& f) {
  for (const char letter : letters) {
    const std::string key(1, letter);
    const std::uint64_t hash = key_hash<std::string>{}(key, states.seed());
    states.update(
        1, &hash, [&](std::size_t) { return std::string_view(key); },
        [&](std::size_t, state<int>& s) { f(key, s); });
  }
}

inline void count_one(const std::string&, state<int>& s) {
  s.update(s.get_option().value_or(0) + 1);
}

inline counts all(const text_store& states) {
  counts found;
  states.for_each([&](const std::string& key, int n) { found[key] = n; });
  return found;
}

} // namespace millrace::test
