// error: the key type needs a hash
#include "../bad_key.hpp"

auto summed(const app::stream_of<app::bad_key>& pairs) {
  return pairs.reduce_by_key_and_window(std::plus<int>{}, millrace::seconds(2));
}
