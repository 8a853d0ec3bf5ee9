// error: the key type needs a hash
#include "../bad_key.hpp"

using key = app::bad_key;

auto running(const app::stream_of<key>& pairs) {
  return pairs.map_with_state(millrace::state_spec<int>(
      [](const key&, std::optional<int> value, millrace::state<int>& sum) {
        sum.update(sum.get_option().value_or(0) + value.value_or(0));
        return sum.get();
      }));
}
