#include "text_input.hpp"

#include <cmath>
#include <cstring>
#include <unordered_set>

namespace millrace::bench {

namespace {

/// splitmix64: the same numbers everywhere, unlike the distributions of the standard library.
class generator {
public:
  explicit generator(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

  std::uint64_t below(std::uint64_t n) { return ((next() >> 32) * n) >> 32; }
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

private:
  std::uint64_t state_;
};

std::vector<std::string> make_vocabulary(std::size_t size, generator& random) {
  std::unordered_set<std::string> seen;
  std::vector<std::string> words;
  words.reserve(size);
  while (words.size() < size) {
    std::size_t length = 2 + random.below(4) + random.below(5);
    std::string word;
    do {
      word.clear();
      for (std::size_t i = 0; i < length; ++i)
        word.push_back(static_cast<char>('a' + random.below(26)));
      ++length;
    } while (!seen.insert(word).second);
    words.push_back(std::move(word));
  }
  return words;
}

/// Draws rank r (from 0) with probability proportional to 1 / (r + 1), by Vose's alias method.
class zipf {
public:
  explicit zipf(std::size_t size) : keep_(size, 1.0), alias_(size) {
    double total = 0;
    for (std::size_t i = 0; i < size; ++i)
      total += 1.0 / static_cast<double>(i + 1);
    std::vector<std::size_t> small, large;
    for (std::size_t i = size; i-- > 0;) {
      alias_[i] = i;
      keep_[i] = static_cast<double>(size) / (static_cast<double>(i + 1) * total);
      (keep_[i] < 1 ? small : large).push_back(i);
    }
    while (!small.empty() && !large.empty()) {
      const std::size_t low = small.back(), high = large.back();
      small.pop_back();
      alias_[low] = high;
      keep_[high] -= 1 - keep_[low];
      if (keep_[high] < 1) {
        large.pop_back();
        small.push_back(high);
      }
    }
  }

  std::size_t draw(generator& random) const {
    const std::size_t i = random.below(keep_.size());
    return random.uniform() < keep_[i] ? i : alias_[i];
  }

private:
  std::vector<double> keep_;
  std::vector<std::size_t> alias_;
};

} // namespace

text_input make_text(const text_options& options) {
  constexpr std::size_t line_is_done_at = 96;
  generator random(options.seed);
  const std::vector<std::string> vocabulary = make_vocabulary(options.vocabulary, random);
  const zipf ranks(vocabulary.size());
  text_input text;
  text.bytes.reserve(options.bytes + 128);
  while (text.bytes.size() < options.bytes) {
    const std::size_t begin = text.bytes.size();
    do {
      if (text.bytes.size() != begin)
        text.bytes.push_back(' ');
      text.bytes += vocabulary[ranks.draw(random)];
      ++text.words;
    } while (text.bytes.size() - begin < line_is_done_at);
    text.bytes.push_back('\n');
    ++text.lines;
  }
  return text;
}

std::vector<std::string_view> line_views(std::string_view bytes) {
  std::vector<std::string_view> lines;
  lines.reserve(bytes.size() / 100 + 1);
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  while (at < end) {
    const char* stop = static_cast<const char*>(std::memchr(at, '\n', end - at));
    if (!stop)
      stop = end;
    lines.emplace_back(at, stop - at);
    at = stop + 1;
  }
  return lines;
}

} // namespace millrace::bench
