// error: the key type needs a hash
#include "keys.hpp"

auto groups(const app::stream_of<app::without_hash>& pairs) { return pairs.group_by_key(); }
