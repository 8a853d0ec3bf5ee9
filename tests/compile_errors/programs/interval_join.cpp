// error: the key type needs a hash
#include "../bad_key.hpp"

auto joined(const millrace::event_dstream<std::pair<app::bad_key, int>>& events) {
  return events.interval_join(events, millrace::seconds(-1), millrace::seconds(1));
}
