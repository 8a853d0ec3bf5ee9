// error: the key type needs .* operator==
#include "keys.hpp"

auto joined(const app::stream_of<app::without_equality>& pairs) { return pairs.join(pairs); }
