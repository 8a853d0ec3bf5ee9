// error: the record type needs a hash
#include "../bad_key.hpp"

auto counts(const millrace::dstream<app::bad_key>& keys) { return keys.count_by_value(); }
