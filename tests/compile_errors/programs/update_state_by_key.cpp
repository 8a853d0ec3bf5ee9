// error: the key type needs a hash
#include "../bad_key.hpp"

auto counted(const app::stream_of<app::bad_key>& pairs) {
  return pairs.update_state_by_key<int>(
      [](const std::vector<int>&, std::optional<int> old) { return old; });
}
