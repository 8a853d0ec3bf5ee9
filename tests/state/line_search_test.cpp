#include "millrace/state/line_index.hpp"
#include "support/seed.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace millrace;
using detail::index_line;
using detail::index_table;
using detail::line_search;

namespace {

/// Lines of slots that searches meet: full and not, with equal tags, and with none.
struct random_table {
  explicit random_table(std::mt19937_64& random, unsigned line_bits)
      : lines((std::size_t{1} << line_bits) + 1),
        table{lines.data(), (std::size_t{1} << line_bits) - 1,
              static_cast<std::uint32_t>((std::size_t{16} << line_bits) - 1)} {
    for (auto& line : lines)
      for (auto& slot : line)
        if (random() % 4 != 0)
          slot = table.tag(few(random)) | (1 + random() % table.number_mask);
    for (auto& slot : lines.front())
      slot = table.tag(few(random)) | 1;
  }

  /// So that many hashes share line and tag.
  static std::uint64_t few(std::mt19937_64& random) {
    return (random() % 64) * 0x0101010101010101u;
  }

  std::vector<index_line> lines;
  index_table table;
};

} // namespace

TEST_CASE("the searches for each instruction set agree") {
  std::mt19937_64 random(test::seed());
  const auto searches = detail::runnable_line_searches();
  REQUIRE_FALSE(searches.empty());
  CHECK(std::string{searches.back()->name} == "portable");
  CHECK(searches.front() == &detail::best_line_search());
  std::map<std::uint32_t, int> answers;
  for (int round = 0; round < 3000; ++round) {
    const random_table of(random, random() % 8);
    std::array<std::uint64_t, line_search::most> hashes;
    for (auto& hash : hashes)
      hash = random() % 2 == 0 ? random() : random_table::few(random);
    const std::size_t n = random() % (line_search::most + 1);
    std::array<std::uint32_t, line_search::most> expected{};
    const auto crowded = searches.back()->find_likely(of.table, hashes.data(), n, expected.data());
    CHECK((crowded >> n) == 0);
    for (std::size_t i = 0; i < n; ++i)
      ++answers[std::max(expected[i], index_table::unsure - 1)];
    for (const line_search* search : searches) {
      CAPTURE(search->name);
      std::array<std::uint32_t, line_search::most> found{};
      CHECK(search->find_likely(of.table, hashes.data(), n, found.data()) == crowded);
      CHECK(found == expected);
    }
  }
  CHECK(answers[index_table::none] > 0);
  CHECK(answers[index_table::unsure] > 0);
  CHECK(answers[index_table::unsure - 1] > 0);
}

TEST_CASE("a search knows what is there, what is not, and which others come into question") {
  detail::line_index index;
  std::vector<std::uint64_t> hashes;
  const auto hash_of = [&](std::uint32_t number) { return hashes[number]; };
  const auto add = [&](std::uint64_t hash) {
    const auto number = static_cast<std::uint32_t>(hashes.size());
    hashes.push_back(hash);
    if (!index.has_room_for(hashes.size()))
      index.grow(hashes.size(), [&](auto place) {
        for (std::uint32_t i = 0; i + 1 < hashes.size(); ++i)
          place(i, hash_of(i));
      });
    index.insert(hash, number);
    return number;
  };
  const auto likely = [&](std::uint64_t hash, std::vector<std::uint32_t>& fetched) {
    std::uint32_t found = 0;
    index.find_likely(&hash, 1, &found, [&](std::uint32_t number) { fetched.push_back(number); });
    return found;
  };
  std::vector<std::uint32_t> fetched;
  CHECK(likely(5, fetched) == index.none);
  const auto one = add(5);
  CHECK(likely(5, fetched) == one);
  CHECK(likely(6, fetched) == index.none);
  CHECK(fetched == std::vector{one});
  const auto same = add(5);
  fetched.clear();
  CHECK(likely(5, fetched) == one);
  CHECK(std::ranges::find(fetched, same) != fetched.end());
  // A line that overflows: the last of them is in the next one.
  for (int i = 0; i < 20; ++i)
    add(std::uint64_t{0x1234560000u} + 0x10000u * static_cast<unsigned>(i) * 0x1000u);
  fetched.clear();
  CHECK(index.find(hash_of(21), [&](std::uint32_t at) { return at == 21; }) == 21);
}
