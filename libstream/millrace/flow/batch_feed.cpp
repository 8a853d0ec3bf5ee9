#include "millrace/flow/batch_feed.hpp"

#include "millrace/codec/codec.hpp"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <string>
#include <tuple>

namespace millrace {

namespace {

/// From the first number up to the second, which is not among them.
using number_range = std::pair<std::int64_t, std::int64_t>;

/// The time from which numbers are counted, the next number, and whether there is such a time.
using position_fields = std::tuple<std::int64_t, std::int64_t, bool>;

constexpr std::uint64_t number_bytes = sizeof(std::int64_t);

} // namespace

std::optional<std::vector<input_split>> rate_source::plan(batch_time time,
                                                          const input_limits& limits) {
  if (!zero_)
    zero_ = time - interval_;
  const auto most =
      std::max<std::uint64_t>(std::min(limits.records, limits.bytes / number_bytes), 1);
  const auto count = std::min(static_cast<std::uint64_t>(due(time) - next_), most);
  const number_range numbers{next_, next_ + static_cast<std::int64_t>(count)};
  next_ = numbers.second;
  input_split split;
  split.what = encode_value(numbers);
  split.description = "the numbers from " + std::to_string(numbers.first) + " up to " +
                      std::to_string(numbers.second);
  split.records = count;
  split.size = count * number_bytes;
  return std::vector{std::move(split)};
}

result<std::vector<block_ptr>> rate_source::read(const input_split& split) const {
  auto range = decode_value<number_range>(split.what);
  if (!range)
    return tl::unexpected{std::move(range).error()};
  const auto [first, end] = *range;
  if (first > end)
    return fail(errc::corrupt_data, "the split of a rate stream is no range of numbers");
  std::vector<std::int64_t> numbers(static_cast<std::size_t>(end - first));
  std::iota(numbers.begin(), numbers.end(), first);
  return to_blocks(batch<std::int64_t>{std::move(numbers), partitions_});
}

bytes rate_source::position() const {
  return encode_value(
      position_fields{zero_.value_or(batch_time{0}).ms(), next_, zero_.has_value()});
}

result<void> rate_source::resume(const bytes& from) {
  auto fields = decode_value<position_fields>(from);
  if (!fields)
    return tl::unexpected{std::move(fields).error()};
  const auto [zero, next, has_zero] = *fields;
  if (next < 0)
    return fail(errc::corrupt_data, "the position of a rate stream is " + std::to_string(next));
  next_ = next;
  zero_ = has_zero ? std::optional{batch_time{zero}} : std::nullopt;
  return {};
}

/// Whole seconds and the rest apart, so that a long run cannot overflow.
std::int64_t rate_source::due(batch_time time) const {
  auto elapsed = static_cast<std::uint64_t>((time - *zero_).ms());
  return static_cast<std::int64_t>(elapsed / 1000 * per_second_ +
                                   elapsed % 1000 * per_second_ / 1000);
}

} // namespace millrace
