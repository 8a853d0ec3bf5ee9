// error: the record type needs a hash
#include "../bad_key.hpp"

auto counted(const millrace::dstream<app::bad_key>& records) {
  return records.approx_count_distinct();
}
