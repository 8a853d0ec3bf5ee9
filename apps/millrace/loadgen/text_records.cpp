#include "loadgen/text_records.hpp"

#include "millrace/base/random.hpp"
#include "millrace/codec/codec.hpp"

#include <algorithm>
#include <string>
#include <unordered_set>
#include <vector>

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

/// The lines of a recipe, one after another.
class line_writer {
public:
  explicit line_writer(const text_recipe& recipe)
      : random_{recipe.seed},
        vocabulary_{make_vocabulary(recipe.vocabulary, random_)},
        ranks_{vocabulary_.size()} {}

  /// Appends the next line, without `\n`, and returns its number of words.
  std::size_t append_to(std::string& text) {
    constexpr std::size_t line_is_long_enough = 96;
    const auto begin = text.size();
    std::size_t words = 0;
    do {
      if (text.size() != begin)
        text.push_back(' ');
      text += vocabulary_[ranks_.draw(random_)];
      ++words;
    } while (text.size() - begin < line_is_long_enough);
    return words;
  }

private:
  seeded_random random_;
  std::vector<std::string> vocabulary_;
  zipf ranks_;
};

/// Appends `n` lines as one frame. A record in it ends with its last byte, the first one begins
/// with the frame.
void append_frame(record_pool& pool, line_writer& lines, std::uint64_t n) {
  constexpr std::size_t length_bytes = 4;
  encoder frame;
  frame.begin_array(n);
  std::vector<std::size_t> ends;
  std::vector<std::size_t> words;
  for (std::uint64_t i = 0; i < n; ++i) {
    std::string line;
    words.push_back(lines.append_to(line));
    codec<std::string>::encode(frame, line);
    ends.push_back(frame.buffer().size());
  }
  const auto encoded = frame.take();
  for (std::size_t i = length_bytes; i-- > 0;)
    pool.bytes().push_back(static_cast<char>(encoded.size() >> (8 * i) & 0xff));
  std::size_t begin = 0;
  for (std::uint64_t i = 0; i < n; ++i) {
    pool.bytes().append(encoded.begin() + static_cast<std::ptrdiff_t>(begin),
                        encoded.begin() + static_cast<std::ptrdiff_t>(ends[i]));
    pool.end_record(words[i]);
    begin = ends[i];
  }
}

} // namespace

record_stream make_text(const text_recipe& recipe) {
  line_writer lines{recipe};
  record_pool pool;
  for (auto left = record_stream::kept(recipe.records); left > 0; --left) {
    const auto words = lines.append_to(pool.bytes());
    pool.bytes().push_back('\n');
    pool.end_record(words);
  }
  return {std::move(pool), recipe.records};
}

record_stream make_raw(const text_recipe& recipe) {
  constexpr std::uint64_t frame_records = 64;
  line_writer lines{recipe};
  record_pool pool;
  const auto kept = record_stream::kept(recipe.records);
  // A longer stream ends in the middle of a round through the pool: a frame must end there too.
  const auto last_end = recipe.records % kept;
  for (std::uint64_t made = 0; made < kept;) {
    const auto until = made < last_end ? last_end : kept;
    const auto n = std::min(frame_records, until - made);
    append_frame(pool, lines, n);
    made += n;
  }
  return {std::move(pool), recipe.records};
}

} // namespace millrace::apps
