// error: the record type needs a hash
#include "keys.hpp"

auto counts(const millrace::dstream<app::without_hash>& keys) { return keys.count_by_value(); }
