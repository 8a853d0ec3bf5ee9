#include "millrace/base/error.hpp"
#include "millrace/chunk/keyed_table.hpp"
#include "support/seed.hpp"

#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <unordered_map>

#include <doctest/doctest.h>

using namespace millrace;

namespace {

struct equal_low_bits {
  std::uint64_t operator()(std::uint64_t key, hash_seed) const { return key << 32; }
};

struct all_equal {
  std::uint64_t operator()(std::uint64_t, hash_seed) const { return 0; }
};

template <class Table, class K>
void count_all(Table& table, const std::vector<K>& keys) {
  std::vector<std::uint64_t> hashes;
  for (const K& key : keys)
    hashes.push_back(table.hash_of(key));
  table.upsert(
      keys.size(), hashes.data(), [&](std::size_t i) -> const K& { return keys[i]; },
      [](std::size_t) { return 1; }, [](int& count, std::size_t) { ++count; });
}

template <class Table, class K>
std::map<K, int> contents(const Table& table, const std::vector<K>&) {
  std::map<K, int> all;
  for (const auto& entry : table.entries())
    CHECK(all.emplace(entry.key, entry.value).second);
  return all;
}

template <class K>
std::map<K, int> expected(const std::vector<K>& keys) {
  std::map<K, int> all;
  for (const K& key : keys)
    ++all[key];
  return all;
}

template <class Hash>
void check_against_std(std::size_t operations, std::uint64_t key_space) {
  std::mt19937_64 random(test::seed());
  keyed_table<std::uint64_t, int, Hash> table(hash_seed{random()});
  std::unordered_map<std::uint64_t, int> model;
  for (std::size_t step = 0; step < operations; ++step) {
    const std::uint64_t key = random() % key_space;
    const std::uint64_t hash = table.hash_of(key);
    const std::uint64_t action = random() % 100;
    if (action < 40) {
      table.get_or_insert(key, hash, [] { return 0; }) += 1;
      ++model[key];
    } else if (action < 75) {
      CHECK(table.erase(key, hash) == (model.erase(key) == 1));
    } else if (action < 80) {
      std::vector<std::uint64_t> keys(random() % 60);
      for (auto& each : keys)
        ++model[each = random() % key_space];
      count_all(table, keys);
    } else if (action < 99 || random() % 50 != 0) {
      const auto* found = table.find(key, hash);
      const auto in_model = model.find(key);
      REQUIRE((found != nullptr) == (in_model != model.end()));
      if (found)
        CHECK(found->value == in_model->second);
    } else {
      table.clear();
      model.clear();
    }
    REQUIRE(table.size() == model.size());
  }
  for (const auto& entry : table.entries()) {
    CHECK(entry.hash == table.hash_of(entry.key));
    CHECK(model.at(entry.key) == entry.value);
  }
}

} // namespace

TEST_CASE("a new table is empty and finds nothing") {
  keyed_table<std::uint64_t, int> table(hash_seed{1});
  CHECK(table.empty());
  CHECK(table.find(7u, table.hash_of(7)) == nullptr);
  CHECK_FALSE(table.erase(7u, table.hash_of(7)));
  CHECK(table.memory_bytes() == 0);
  table.clear();
  table.upsert(
      0, nullptr, [](std::size_t) { return 1u; }, [](std::size_t) { return 1; },
      [](int&, std::size_t) {});
  CHECK(table.empty());
}

TEST_CASE("one upsert that makes the table grow several times counts each key right") {
  std::vector<std::uint64_t> keys;
  for (std::uint64_t i = 0; i < 5'000; ++i) {
    keys.push_back(i);
    keys.push_back(i / 3);
  }
  keyed_table<std::uint64_t, int> table(hash_seed{2});
  count_all(table, keys);
  CHECK(contents(table, keys) == expected(keys));
  for (std::size_t i = 0; i < 100; ++i)
    CHECK(table.entries()[i].key <= i);
}

TEST_CASE("a table of more than a megabyte, where entries are fetched ahead too, counts right") {
  std::vector<std::uint64_t> keys;
  for (std::uint64_t i = 0; i < 200'000; ++i)
    keys.push_back(i * 2654435761u % 90'000);
  keyed_table<std::uint64_t, int> table(hash_seed{3});
  for (std::size_t at = 0; at < keys.size(); at += 1'000)
    count_all(table, std::vector<std::uint64_t>(keys.begin() + at, keys.begin() + at + 1'000));
  CHECK(table.memory_bytes() > (1 << 20));
  CHECK(contents(table, keys) == expected(keys));
}

TEST_CASE("keys whose hashes agree in the low bits, or wholly, stay apart") {
  std::vector<std::uint64_t> keys;
  for (std::uint64_t i = 0; i < 3'000; ++i)
    keys.push_back(i % 700);
  keyed_table<std::uint64_t, int, equal_low_bits> low(hash_seed{});
  count_all(low, keys);
  CHECK(contents(low, keys) == expected(keys));
  keyed_table<std::uint64_t, int, all_equal> all(hash_seed{});
  count_all(all, keys);
  CHECK(contents(all, keys) == expected(keys));
}

TEST_CASE("random operations agree with std::unordered_map") {
  check_against_std<key_hash<std::uint64_t>>(100'000, 40);
  check_against_std<key_hash<std::uint64_t>>(100'000, 5'000);
  check_against_std<equal_low_bits>(20'000, 100);
  check_against_std<all_equal>(20'000, 60);
}

TEST_CASE("an erased key can come back, and the last entry fills its place") {
  keyed_table<std::string, int> table(hash_seed{4});
  for (std::string key : {"a", "b", "c"})
    table.get_or_insert(key, table.hash_of(key), [&] { return key[0] - 'a'; });
  CHECK(table.erase(std::string("a"), table.hash_of("a")));
  CHECK(table.entries()[0].key == "c");
  CHECK(table.find(std::string("a"), table.hash_of("a")) == nullptr);
  table.get_or_insert(std::string_view("a"), table.hash_of("a"), [] { return 9; });
  CHECK(table.find(std::string_view("a"), table.hash_of("a"))->value == 9);
  CHECK(table.size() == 3);
}

TEST_CASE("an exception of update or make leaves what was done before it") {
  keyed_table<std::uint64_t, int> table(hash_seed{5});
  const std::vector<std::uint64_t> keys{1, 2, 1, 3, 2};
  std::vector<std::uint64_t> hashes;
  hash_keys(
      keys.size(), [&](std::size_t i) { return keys[i]; }, table.seed(),
      (hashes.resize(keys.size()), hashes.data()));
  const auto run = [&](std::size_t bad_make, std::size_t bad_update) {
    table.upsert(
        keys.size(), hashes.data(), [&](std::size_t i) { return keys[i]; },
        [&](std::size_t i) { return i == bad_make ? throw std::runtime_error("make") : 1; },
        [&](int& n, std::size_t i) { n += i == bad_update ? throw std::runtime_error("u") : 1; });
  };
  CHECK_THROWS_AS(run(9, 2), std::runtime_error);
  CHECK(contents(table, keys) == std::map<std::uint64_t, int>{{1, 1}, {2, 1}});
  CHECK_THROWS_AS(run(3, 9), std::runtime_error);
  CHECK(contents(table, keys) == std::map<std::uint64_t, int>{{1, 3}, {2, 2}});
  run(9, 9);
  CHECK(contents(table, keys) == std::map<std::uint64_t, int>{{1, 5}, {2, 4}, {3, 1}});
}

TEST_CASE("at its bound a table refuses one more key and goes on serving the others") {
  keyed_table<std::uint64_t, int> table(hash_seed{6}, key_policy::borrow, 3);
  count_all(table, std::vector<std::uint64_t>{1, 2, 3});
  try {
    count_all(table, std::vector<std::uint64_t>{1, 4});
    FAIL("the fourth key was taken");
  } catch (const stream_error& e) {
    CHECK(e.code() == errc::limit_exceeded);
    CHECK(std::string(e.what()).find("3 keys") != std::string::npos);
  }
  CHECK_THROWS_AS(table.reserve(4), stream_error);
  CHECK(table.size() == 3);
  CHECK(table.find(1u, table.hash_of(1))->value == 2);
  CHECK(table.erase(2u, table.hash_of(2)));
  count_all(table, std::vector<std::uint64_t>{4});
  CHECK(table.size() == 3);
}

TEST_CASE("interned keys outlive their text; borrowed ones point into it") {
  std::string text = "apple pie with sixteen+ characters";
  const std::vector<std::string_view> keys{
      std::string_view(text).substr(0, 5), std::string_view(text).substr(6, 3),
      std::string_view(text).substr(10), std::string_view(text).substr(0, 5), std::string_view()};
  keyed_table<std::string_view, int> own(hash_seed{7}, key_policy::intern);
  keyed_table<std::string_view, int> borrowing(hash_seed{7});
  count_all(own, keys);
  count_all(borrowing, keys);
  CHECK(borrowing.entries()[0].key.data() == text.data());
  text.assign(text.size(), '#');
  CHECK(own.entries()[0].key == "apple");
  CHECK(own.entries()[0].value == 2);
  CHECK(own.entries()[2].key == "with sixteen+ characters");
  CHECK(own.entries()[3].key.empty());
  auto moved = std::move(own);
  auto entries = moved.take_entries();
  const text_arena arena = moved.take_arena();
  CHECK(moved.empty());
  CHECK(own.empty());
  CHECK(arena.bytes() == 5 + 3 + 24);
  CHECK(entries[1].key == "pie");
  CHECK(moved.find(std::string_view("pie"), entries[1].hash) == nullptr);
}

TEST_CASE("text keys of every length are told apart, short ones too") {
  std::vector<std::string> keys;
  for (std::size_t size = 0; size < 40; ++size)
    for (char last : {'\0', 'a', 'b', '\xff'}) {
      keys.push_back(std::string(size, 'a'));
      keys.back().append(1, last);
    }
  keys.emplace_back();
  const std::vector<std::string> twice = [&] {
    auto both = keys;
    both.insert(both.end(), keys.begin(), keys.end());
    return both;
  }();
  keyed_table<std::string, int> table(hash_seed{8});
  count_all(table, twice);
  CHECK(contents(table, twice) == expected(twice));
}

TEST_CASE("clear keeps memory, also of a table that was once large; reserve makes room at once") {
  keyed_table<std::uint64_t, int> table(hash_seed{9});
  table.reserve(10'000);
  const std::size_t reserved = table.memory_bytes();
  std::vector<std::uint64_t> keys(10'000);
  for (std::size_t i = 0; i < keys.size(); ++i)
    keys[i] = i;
  for (int round = 0; round < 3; ++round) {
    count_all(table, keys);
    CHECK(table.memory_bytes() == reserved);
    table.clear();
    CHECK(table.find(5u, table.hash_of(5)) == nullptr);
    count_all(table, std::vector<std::uint64_t>{5, 6, 5});
    CHECK(table.size() == 2);
    table.clear();
    CHECK(table.find(5u, table.hash_of(5)) == nullptr);
  }
}

TEST_CASE("a small payload costs at most 48 bytes an entry over it") {
  keyed_table<std::uint64_t, std::uint64_t> table(hash_seed{10});
  std::size_t worst = 0;
  for (std::uint64_t i = 0; i < 300'000; ++i) {
    table.get_or_insert(i, table.hash_of(i), [] { return std::uint64_t{0}; });
    if (i > 100'000)
      worst = std::max(worst, table.memory_bytes() / table.size() - 16);
  }
  CHECK(worst <= 48);
}

TEST_CASE("values that cannot be copied are moved") {
  keyed_table<std::uint64_t, std::unique_ptr<int>> table(hash_seed{11});
  for (std::uint64_t i = 0; i < 100; ++i)
    table.get_or_insert(i, table.hash_of(i), [&] { return std::make_unique<int>(int(i)); });
  CHECK(table.erase(std::uint64_t{0}, table.hash_of(0)));
  CHECK(*table.find(std::uint64_t{99}, table.hash_of(99))->value == 99);
}
