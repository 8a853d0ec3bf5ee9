#include "millrace/window/inverse_keyed_window.hpp"
#include "millrace/window/keyed_window.hpp"
#include "support/memory_shortage.hpp"
#include "support/seed.hpp"
#include "window/keyed_model.hpp"

#include <new>

using namespace millrace;
using namespace millrace::test;

namespace {

constexpr hash_seed seed_of_hashes{44};

/// Without a default, on a cache line of its own.
struct alignas(64) line_of_text {
  explicit line_of_text(std::string t) : text{std::move(t)} {}
  std::string text;
};

struct join_lines {
  line_of_text operator()(const line_of_text& older, const line_of_text& newer) const {
    return line_of_text{older.text + newer.text};
  }
};

struct cut_line {
  line_of_text operator()(const line_of_text& all, const line_of_text& oldest) const {
    return line_of_text{all.text.substr(oldest.text.size())};
  }
};

struct not_empty {
  bool operator()(const std::string&, const line_of_text& value) const {
    return !value.text.empty();
  }
};

struct line_entry {
  std::uint64_t hash;
  std::string_view key;
  line_of_text value;
};

std::vector<line_entry> entries_of(const text_batch& batch) {
  std::vector<line_entry> all;
  for (const auto& [key, value] : batch.values)
    all.push_back({key_hash<std::string_view>{}(key, seed_of_hashes), key, line_of_text{value}});
  return all;
}

template <class Window>
text_values lines_of(Window& window) {
  text_values all;
  window.for_each(
      [&](const std::string& key, const line_of_text& value) { all[key] = value.text; });
  return all;
}

template <class F>
void without_any_memory(F f) {
  const memory_shortage shortage{0};
  f();
}

/// Some batches, then a slide of one to three of them that gets one allocation more each time until
/// it has enough: the window must be as before after each failure, and neither commit nor rollback
/// may need any.
template <class Window>
std::size_t check_without_memory(Window window, std::int64_t length) {
  std::mt19937_64 random(test::seed());
  std::vector<text_batch> done;
  std::int64_t now = 0;
  std::size_t failures = 0;
  for (int slide = 0; slide < 60; ++slide) {
    const auto before = recomputed(done, now, length);
    const std::size_t first = done.size();
    for (std::size_t n = 1 + random() % 3; n > 0; --n) {
      now += static_cast<std::int64_t>(random() % 10 == 0 ? 1 + random() % 80 : 10);
      done.push_back(random_batch(random, now, 20));
      for (auto& [key, value] : done.back().values)
        value += random() % 2 == 0 ? "" : " and what does not fit into a short text";
    }
    std::vector<std::vector<line_entry>> entries;
    for (std::size_t i = first; i < done.size(); ++i)
      entries.push_back(entries_of(done[i]));
    for (std::size_t allocations = 0;; ++allocations) {
      try {
        const memory_shortage shortage{allocations};
        for (std::size_t i = first; i < done.size(); ++i)
          window.push(batch_time{done[i].time}, std::span<const line_entry>{entries[i - first]});
        window.for_each([](const std::string&, const line_of_text&) {});
        break;
      } catch (const std::bad_alloc&) {
        ++failures;
      }
      without_any_memory([&] { window.rollback(); });
      REQUIRE((lines_of(window) == before));
      REQUIRE(window.size() == before.size());
    }
    REQUIRE((lines_of(window) == recomputed(done, now, length)));
    without_any_memory([&] { window.commit(); });
    REQUIRE(window.size() == recomputed(done, now, length).size());
  }
  return failures;
}

} // namespace

TEST_CASE("memory that runs out at any allocation leaves a window as it was") {
  using window = keyed_window<std::string_view, line_of_text, join_lines>;
  for (std::int64_t length : {10, 40, 300})
    CHECK(check_without_memory(window{duration{length}, seed_of_hashes}, length) > 1'000);
}

TEST_CASE("memory that runs out at any allocation leaves a window with an inverse as it was") {
  using window =
      inverse_keyed_window<std::string_view, line_of_text, join_lines, cut_line, not_empty>;
  for (std::int64_t length : {10, 40, 300})
    CHECK(check_without_memory(window{duration{length}, seed_of_hashes}, length) > 1'000);
}
