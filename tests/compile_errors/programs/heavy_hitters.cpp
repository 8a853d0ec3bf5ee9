// error: the record type needs a hash
#include "../bad_key.hpp"

auto hitters(const millrace::dstream<app::bad_key>& keys) { return keys.heavy_hitters(3, 10); }
