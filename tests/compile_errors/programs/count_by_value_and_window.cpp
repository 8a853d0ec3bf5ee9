// error: the record type needs a hash
#include "../bad_key.hpp"

auto counts(const millrace::dstream<app::bad_key>& keys) {
  return keys.count_by_value_and_window(millrace::seconds(2), millrace::seconds(1));
}
