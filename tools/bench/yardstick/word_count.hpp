#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::bench {

/// Distinct words with their counts, in no order; the words point into the input.
using word_counts = std::vector<std::pair<std::string_view, std::int64_t>>;

/// Word count as one would write it by hand: a byte loop that cuts words at bytes <= ' ', and a
/// hash map of absl.
word_counts word_count_plain(std::string_view text);

/// Word count as fast as we can write it without the framework: 1,024 words at a time, tokenised
/// with vector instructions, hashed in one pass, then probed with prefetching in an open-addressing
/// table made for just this.
word_counts word_count_tuned(std::string_view text);

/// The same on two threads: each counts half of the input, then the second table is merged into the
/// first.
word_counts word_count_plain_two_threads(std::string_view text);
word_counts word_count_tuned_two_threads(std::string_view text);

/// Equal for equal counts whatever their order.
std::uint64_t checksum(const word_counts& counts);

/// Cuts `text` behind the line end nearest to its middle.
std::pair<std::string_view, std::string_view> halves(std::string_view text);

} // namespace millrace::bench
