// error: the key type needs a hash
#include "../bad_key.hpp"

auto groups(const app::stream_of<app::bad_key>& pairs) {
  return pairs.group_by_key_and_window(millrace::seconds(2));
}
