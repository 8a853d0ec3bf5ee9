#include "serving/record_stream.hpp"

#include <algorithm>

namespace millrace::apps {

void record_pool::end_record(std::size_t words) {
  const auto before = words_.empty() ? 0 : words_.back();
  ends_.push_back(static_cast<std::uint32_t>(bytes_.size()));
  words_.push_back(before + static_cast<std::uint32_t>(words));
}

record_stream::record_stream(record_pool pool, std::uint64_t records) : pool_{std::move(pool)} {
  if (records != 0)
    size_ = end_of(records);
}

std::uint64_t record_stream::end_of(std::uint64_t records) const noexcept {
  const auto& ends = pool_.ends_;
  const auto rest = records % ends.size();
  return std::min(size_,
                  records / ends.size() * pool_.bytes_.size() + (rest == 0 ? 0 : ends[rest - 1]));
}

std::string_view record_stream::from(std::uint64_t offset) const noexcept {
  const auto bytes = std::string_view{pool_.bytes_}.substr(offset % pool_.bytes_.size());
  return bytes.substr(0, size_ - offset);
}

feed_totals record_stream::totals(std::uint64_t bytes) const noexcept {
  const auto rounds = bytes / pool_.bytes_.size();
  const auto end =
      std::upper_bound(pool_.ends_.begin(), pool_.ends_.end(), bytes % pool_.bytes_.size());
  const auto lines = static_cast<std::size_t>(end - pool_.ends_.begin());
  return {rounds * pool_.ends_.size() + lines,
          rounds * pool_.words_.back() + (lines == 0 ? 0 : pool_.words_[lines - 1]), bytes};
}

} // namespace millrace::apps
