// error: the key type needs a hash
#include "../bad_key.hpp"

auto counted(const millrace::event_dstream<std::pair<app::bad_key, int>>& events) {
  return events.window(millrace::window_spec::tumbling(millrace::seconds(1))).count_by_key();
}
