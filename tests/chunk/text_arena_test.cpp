#include "millrace/chunk/owned.hpp"
#include "millrace/chunk/text_arena.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace millrace;

static_assert(contains_view_v<std::string_view> && !contains_view_v<std::string>);
static_assert(contains_view_v<std::pair<int, std::optional<std::vector<std::string_view>>>>);
static_assert(!contains_view_v<std::tuple<int, std::vector<std::string>>>);
static_assert(
    std::is_same_v<owned_t<std::tuple<std::string_view, int, std::optional<std::string_view>>>,
                   std::tuple<std::string, int, std::optional<std::string>>>);
static_assert(std::is_same_v<owned_t<std::pair<std::vector<std::string_view>, std::vector<double>>>,
                             std::pair<std::vector<std::string>, std::vector<double>>>);

TEST_CASE("stored text keeps its address and its bytes while the arena grows and moves") {
  text_arena arena;
  CHECK(arena.memory_bytes() == 0);
  std::vector<std::string_view> views;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < 30'000; ++i) {
    const std::string text(i % 150, static_cast<char>('a' + i % 26));
    views.push_back(arena.store(text));
    bytes += text.size();
  }
  CHECK(arena.bytes() == bytes);
  CHECK(arena.memory_bytes() >= bytes);
  CHECK(arena.memory_bytes() < bytes * 2);
  const text_arena moved = std::move(arena);
  for (std::size_t i = 0; i < views.size(); ++i)
    CHECK(views[i] == std::string(i % 150, static_cast<char>('a' + i % 26)));
  CHECK(arena.bytes() == 0);
  CHECK(arena.store("again") == "again");
  CHECK(moved.bytes() == bytes);
}

TEST_CASE(
    "neighbouring texts lie side by side, also around a huge one, and a small arena is small") {
  text_arena arena;
  const std::string_view a = arena.store("ab");
  const std::string_view huge = arena.store(std::string(3 << 20, 'h'));
  const std::string_view b = arena.store("cd");
  CHECK(a.data() + 2 == b.data());
  CHECK(huge.size() == 3 << 20);
  CHECK(huge.back() == 'h');
  CHECK(arena.memory_bytes() == (3 << 20) + text_arena::first_chunk_bytes);
}

TEST_CASE("empty and binary text can be stored") {
  text_arena arena;
  CHECK(arena.store({}).empty());
  const std::string_view bytes = arena.store(std::string_view("\0\xff\0", 3));
  CHECK(bytes == std::string_view("\0\xff\0", 3));
  CHECK(arena.bytes() == 3);
}

TEST_CASE("clear keeps one chunk and uses it again") {
  text_arena arena;
  for (int i = 0; i < 100; ++i)
    arena.store(std::string(10'000, 'x'));
  const std::size_t before = arena.memory_bytes();
  arena.clear();
  CHECK(arena.bytes() == 0);
  const std::size_t kept = arena.memory_bytes();
  CHECK(kept > 0);
  CHECK(kept < before);
  const std::string_view first = arena.store("one");
  CHECK(arena.memory_bytes() == kept);
  arena.clear();
  CHECK(arena.store("two").data() == first.data());
}

TEST_CASE("intern_views replaces views at any depth and nothing else") {
  text_arena arena;
  std::string text = "left right";
  std::tuple<std::pair<std::string_view, int>, std::optional<std::string_view>, std::string> key{
      {std::string_view(text).substr(0, 4), 7}, std::string_view(text).substr(5), "own"};
  intern_views(key, arena);
  text.assign(text.size(), '#');
  CHECK(std::get<0>(key) == std::pair<std::string_view, int>("left", 7));
  CHECK(std::get<1>(key) == "right");
  CHECK(std::get<2>(key) == "own");
  CHECK(arena.bytes() == 9);
  int number = 3;
  intern_views(number, arena);
  CHECK(arena.bytes() == 9);
}

TEST_CASE("to_owned copies views at any depth") {
  std::string text = "left right";
  using record = std::pair<std::string_view, std::vector<std::optional<std::string_view>>>;
  const record views{std::string_view(text).substr(0, 4), {std::string_view(text).substr(5), {}}};
  const owned_t<record> copy = to_owned(views);
  text.assign(text.size(), '#');
  CHECK(copy.first == "left");
  CHECK(copy.second == std::vector<std::optional<std::string>>{"right", std::nullopt});
  CHECK(to_owned(5) == 5);
}
