// error: the record type needs .* operator==
#include "keys.hpp"

auto counts(const millrace::dstream<app::without_equality>& keys) { return keys.count_by_value(); }
