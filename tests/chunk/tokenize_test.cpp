#include "millrace/chunk/kernel/byte_class.hpp"
#include "millrace/chunk/tokenize.hpp"
#include "support/seed.hpp"

#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using namespace millrace;

namespace {

using fields = std::vector<std::string>;
using lines = std::vector<std::string_view>;

template <class Cut>
fields drain(const lines& text, std::size_t room, Cut cut) {
  fields all;
  line_cursor cursor;
  std::vector<std::string_view> chunk(room);
  while (true) {
    const std::size_t n = cut(text, cursor, chunk);
    REQUIRE(n <= room);
    all.insert(all.end(), chunk.begin(), chunk.begin() + static_cast<std::ptrdiff_t>(n));
    if (cursor.line == text.size())
      break;
    REQUIRE(n == room);
  }
  CHECK(cursor.offset == 0);
  CHECK(cut(text, cursor, chunk) == 0);
  return all;
}

fields words_of(const lines& text, std::size_t room = 7) {
  return drain(text, room, [](const lines& l, line_cursor& c, std::span<std::string_view> out) {
    return split_words(l, c, out);
  });
}

fields fields_of(const lines& text, char separator, std::size_t room = 7) {
  return drain(text, room, [&](const lines& l, line_cursor& c, std::span<std::string_view> out) {
    return split_fields(l, separator, c, out);
  });
}

fields naive_words(const lines& text) {
  fields all;
  for (const std::string_view line : text) {
    std::string word;
    for (const char c : line) {
      if (static_cast<unsigned char>(c) > ' ')
        word.push_back(c);
      else if (!word.empty())
        all.push_back(std::exchange(word, {}));
    }
    if (!word.empty())
      all.push_back(word);
  }
  return all;
}

fields naive_fields(const lines& text, char separator) {
  fields all;
  for (const std::string_view line : text) {
    fields own(1);
    for (const char c : line) {
      if (c == separator)
        own.emplace_back();
      else
        own.back().push_back(c);
    }
    if (!line.empty())
      while (!own.empty() && own.back().empty())
        own.pop_back();
    all.insert(all.end(), own.begin(), own.end());
  }
  return all;
}

std::string random_text(std::mt19937_64& random, std::size_t size, int kind) {
  static constexpr char alphabet[] = {' ', 'a', '\t', '\0', '\n', '\x7f', '\x80', '\xff', '!', ','};
  std::string text(size, 'x');
  for (char& c : text) {
    if (kind == 0)
      c = static_cast<char>(random());
    else if (kind == 1)
      c = alphabet[random() % std::size(alphabet)];
    else if (kind == 2)
      c = random() % 6 == 0 ? ' ' : 'w';
  }
  return text;
}

void check_all(const lines& text, std::size_t room) {
  CHECK(words_of(text, room) == naive_words(text));
  CHECK(fields_of(text, ' ', room) == naive_fields(text, ' '));
  CHECK(fields_of(text, '\xff', room) == naive_fields(text, '\xff'));
}

} // namespace

TEST_CASE("split keeps empty fields except those at the end") {
  CHECK(fields_of({"a b  c"}, ' ') == fields{"a", "b", "", "c"});
  CHECK(fields_of({"  a"}, ' ') == fields{"", "", "a"});
  CHECK(fields_of({"a,,"}, ',') == fields{"a"});
  CHECK(fields_of({""}, ' ') == fields{""});
  CHECK(fields_of({std::string_view()}, ' ') == fields{""});
  CHECK(fields_of({"   "}, ' ').empty());
  CHECK(fields_of({"a ", "", " ", " b"}, ' ') == fields{"a", "", "", "b"});
  CHECK(fields_of({"a\nb c"}, ' ') == fields{"a\nb", "c"});
  CHECK(fields_of({}, ' ').empty());
}

TEST_CASE("words are the runs of bytes above space, also above 127") {
  CHECK(words_of({"a b  c"}) == fields{"a", "b", "c"});
  CHECK(words_of({"  \t a\r"}) == fields{"a"});
  CHECK(words_of({"", "   ", std::string_view()}).empty());
  CHECK(words_of({"\xc3\xa4pfel \xff"}) == fields{"\xc3\xa4pfel", "\xff"});
  CHECK(words_of({std::string_view("a\0b", 3)}) == fields{"a", "b"});
  CHECK(words_of({"ab", "cd"}) == fields{"ab", "cd"});
}

TEST_CASE("neighbouring lines are not joined, whatever the byte between them") {
  const std::string text = "one two\nthree\xfour four\n\n five";
  const std::string_view all = text;
  const lines by_newline{all.substr(0, 7), all.substr(8, 11), all.substr(20, 0), all.substr(21)};
  check_all(by_newline, 3);
  const lines without_gap{all.substr(0, 5), all.substr(5, 4), all.substr(9)};
  check_all(without_gap, 3);
  const lines gap_in_word{all.substr(0, 9), all.substr(10, 2), all.substr(13)};
  check_all(gap_in_word, 3);
  const lines backwards{all.substr(8, 5), all.substr(0, 7)};
  check_all(backwards, 3);
}

TEST_CASE("every length and alignment agrees with a byte loop and reads nothing outside") {
  std::mt19937_64 random(test::seed());
  for (std::size_t size = 0; size <= 130; ++size)
    for (std::size_t shift = 0; shift < 16; shift += 3)
      for (int kind = 0; kind < 4; ++kind) {
        const std::string text = random_text(random, size, kind);
        const auto exact = std::make_unique<char[]>(shift + size);
        std::copy(text.begin(), text.end(), exact.get() + shift);
        check_all({std::string_view(exact.get() + shift, size)}, 1 + size % 9);
      }
}

TEST_CASE("many lines of one text, cut into chunks of any size, agree with a byte loop") {
  std::mt19937_64 random(test::seed());
  for (int round = 0; round < 150; ++round) {
    std::string text;
    std::vector<std::pair<std::size_t, std::size_t>> places;
    const std::size_t longest = std::size_t{1} << (random() % 13);
    while (text.size() < 6'000) {
      const std::string line = random_text(random, random() % longest, int(random() % 4));
      places.emplace_back(text.size(), line.size());
      text += line;
      text.append(random() % 8 == 0 ? 2 : 1, random() % 10 == 0 ? 'x' : '\n');
    }
    lines views;
    for (const auto& [at, size] : places)
      views.emplace_back(text.data() + at, size);
    check_all(views, 1 + random() % 1'500);
  }
}

TEST_CASE("a word of many kilobytes is one view") {
  const std::string text = " " + std::string(100'000, 'w') + " " + std::string(2'048, 'v');
  check_all({text}, 1);
  check_all({text, text}, 1'024);
}

TEST_CASE("no room, no progress") {
  line_cursor cursor;
  const lines text{"a b"};
  CHECK(split_words(text, cursor, {}) == 0);
  CHECK(split_fields(text, ' ', cursor, {}) == 0);
  CHECK(cursor == line_cursor{});
}

TEST_CASE("all instruction sets of this processor mark and list the same bytes") {
  std::mt19937_64 random(test::seed());
  const auto all = detail::runnable_byte_kernels();
  const detail::byte_kernels& portable = *all.back();
  for (std::size_t size = 0; size <= 300; ++size)
    for (int kind = 0; kind < 4; ++kind) {
      const std::string made = random_text(random, size, kind);
      const auto text = std::make_unique<char[]>(size);
      std::copy(made.begin(), made.end(), text.get());
      const std::size_t words = (size + 63) / 64;
      std::vector<std::uint64_t> equal(words), above(words);
      portable.equal_to(text.get(), size, ' ', equal.data());
      portable.above_space(text.get(), size, above.data());
      std::vector<std::uint16_t> at;
      for (std::size_t i = 0; i < size; ++i)
        if (above[i / 64] >> (i % 64) & 1)
          at.push_back(static_cast<std::uint16_t>(i));
      for (const detail::byte_kernels* kernels : all) {
        CAPTURE(kernels->name);
        std::vector<std::uint64_t> masks(words);
        kernels->equal_to(text.get(), size, ' ', masks.data());
        CHECK(masks == equal);
        masks.assign(words, 0);
        kernels->above_space(text.get(), size, masks.data());
        CHECK(masks == above);
        std::vector<std::uint16_t> listed(size + detail::list_slack);
        listed.resize(kernels->list_bits(masks.data(), words, listed.data()));
        CHECK(listed == at);
      }
    }
}
