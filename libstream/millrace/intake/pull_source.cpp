#include "millrace/intake/pull_source.hpp"

#include <string>
#include <utility>

namespace millrace {

input_split split_of(std::vector<block_ptr> blocks) {
  input_split split;
  for (auto& block : blocks) {
    split.records += block->records();
    split.size += block->bytes();
  }
  split.made = std::move(blocks);
  return split;
}

result<void> pull_source::resume(const bytes& from) {
  if (from.empty())
    return {};
  return fail(errc::unsupported, "this source keeps no position, and cannot go on from one of " +
                                     std::to_string(from.size()) + " bytes");
}

std::string_view to_string(recoverability how) noexcept {
  switch (how) {
  case recoverability::none:
    return "none";
  case recoverability::by_time:
    return "by time";
  case recoverability::by_position:
    return "by position";
  }
  return "?";
}

} // namespace millrace
