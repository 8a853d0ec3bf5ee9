// error: the key type needs .* operator==
#include "keys.hpp"

auto groups(const app::stream_of<app::without_equality>& pairs) { return pairs.group_by_key(); }
