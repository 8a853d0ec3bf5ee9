#include "loadgen/text_stream.hpp"

#include "millrace/base/random.hpp"

#include <algorithm>
#include <unordered_set>

namespace millrace::apps {

namespace {

std::vector<std::string> make_vocabulary(std::size_t size, seeded_random& random) {
  std::unordered_set<std::string> seen;
  std::vector<std::string> words;
  words.reserve(size);
  while (words.size() < size) {
    std::string word;
    auto length = 2 + random.below(4) + random.below(5);
    // A word that is taken already grows, so the loop ends even when all short words are.
    do {
      while (word.size() < length)
        word.push_back(static_cast<char>('a' + random.below(26)));
      ++length;
    } while (!seen.insert(word).second);
    words.push_back(std::move(word));
  }
  return words;
}

/// Draws i with a probability proportional to 1 / (i + 1).
class zipf {
public:
  explicit zipf(std::size_t size) {
    double sum = 0;
    cumulative_.reserve(size);
    for (std::size_t i = 1; i <= size; ++i)
      cumulative_.push_back(sum += 1.0 / static_cast<double>(i));
  }

  std::size_t draw(seeded_random& random) const {
    const auto at = random.uniform() * cumulative_.back();
    const auto found = std::upper_bound(cumulative_.begin(), cumulative_.end(), at);
    return std::min(static_cast<std::size_t>(found - cumulative_.begin()), cumulative_.size() - 1);
  }

private:
  std::vector<double> cumulative_;
};

} // namespace

text_stream::text_stream(const text_recipe& recipe) {
  constexpr std::size_t line_is_long_enough = 96;
  seeded_random random{recipe.seed};
  const auto vocabulary = make_vocabulary(recipe.vocabulary, random);
  const zipf ranks{vocabulary.size()};
  const auto kept = recipe.records == 0 ? pool_records : std::min(recipe.records, pool_records);
  ends_.reserve(kept);
  words_.reserve(kept);
  std::uint32_t words = 0;
  for (std::uint64_t i = 0; i < kept; ++i) {
    const auto begin = pool_.size();
    do {
      if (pool_.size() != begin)
        pool_.push_back(' ');
      pool_ += vocabulary[ranks.draw(random)];
      ++words;
    } while (pool_.size() - begin < line_is_long_enough);
    pool_.push_back('\n');
    ends_.push_back(static_cast<std::uint32_t>(pool_.size()));
    words_.push_back(words);
  }
  size_ = endless;
  if (recipe.records != 0)
    size_ = end_of(recipe.records);
}

std::uint64_t text_stream::end_of(std::uint64_t records) const noexcept {
  const auto rest = records % ends_.size();
  return std::min(size_, records / ends_.size() * pool_.size() + (rest == 0 ? 0 : ends_[rest - 1]));
}

std::string_view text_stream::from(std::uint64_t offset) const noexcept {
  const auto bytes = std::string_view{pool_}.substr(offset % pool_.size());
  return bytes.substr(0, size_ - offset);
}

text_totals text_stream::totals(std::uint64_t bytes) const noexcept {
  const auto rounds = bytes / pool_.size();
  const auto end = std::upper_bound(ends_.begin(), ends_.end(), bytes % pool_.size());
  const auto lines = static_cast<std::size_t>(end - ends_.begin());
  return {rounds * ends_.size() + lines,
          rounds * words_.back() + (lines == 0 ? 0 : words_[lines - 1]), bytes};
}

} // namespace millrace::apps
