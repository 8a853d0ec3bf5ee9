#include "millrace/state/huge_memory.hpp"
#include "millrace/state/keyed_store.hpp"
#include "support/seed.hpp"

#include <map>
#include <memory>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

using namespace millrace;

namespace {

/// Keys of one hash in `Groups` groups: lines of the index overflow into each other.
template <unsigned Groups>
struct crowded {
  std::uint64_t number;
  friend bool operator==(const crowded&, const crowded&) = default;
  friend auto operator<=>(const crowded&, const crowded&) = default;
  friend std::uint64_t millrace_hash(const crowded& key, hash_seed) {
    return key.number % Groups * 0x0001'0001'0001'0001u;
  }
};

template <class K>
K make_key(std::uint64_t number) {
  if constexpr (std::is_same_v<K, std::string>)
    return std::string(number % 30, 'k') + std::to_string(number);
  else
    return K{number};
}

template <class K>
auto looked_up(const K& key) {
  if constexpr (std::is_same_v<K, std::string>)
    return std::string_view(key);
  else
    return key;
}

/// A store and what must be in it.
template <class K>
struct checked_store {
  using store = keyed_store<K, std::uint64_t>;
  using id = typename store::id;

  std::uint64_t hash(const K& key) const { return key_hash<K>{}(key, states.seed()); }

  void visit(const K& key, id at, std::uint64_t action) {
    const auto known = model.find(key);
    REQUIRE((at != store::none) == (known != model.end()));
    if (at == store::none) {
      if (action % 3 != 0) {
        const id added = states.insert(looked_up(key), hash(key), action);
        CHECK(ids.insert(added).second);
        model[key] = {added, action};
      }
      return;
    }
    CHECK(at == known->second.first);
    CHECK(std::as_const(states).at(at).value == known->second.second);
    if (action % 3 == 0) {
      states.erase(at);
      ids.erase(at);
      model.erase(known);
    } else {
      states.at(at).value = known->second.second = action;
    }
  }

  void probe(const std::vector<K>& keys, std::mt19937_64& random) {
    std::vector<std::uint64_t> hashes;
    for (const K& key : keys)
      hashes.push_back(hash(key));
    std::size_t next = 0;
    states.probe(
        keys.size(), hashes.data(), [&](std::size_t i) { return looked_up(keys[i]); },
        [&](std::size_t i, id at) {
          CHECK(i == next++);
          visit(keys[i], at, random());
        });
    CHECK(next == keys.size());
  }

  void check_all() const {
    REQUIRE(states.size() == model.size());
    std::size_t seen = 0;
    states.for_each([&](id at, const auto& entry) {
      ++seen;
      const auto& expected = model.at(entry.key);
      CHECK(at == expected.first);
      CHECK(at < states.id_bound());
      CHECK(entry.value == expected.second);
      CHECK(entry.hash == hash(entry.key));
    });
    CHECK(seen == model.size());
    for (const auto& [key, expected] : model)
      CHECK(states.find(looked_up(key), hash(key)) == expected.first);
  }

  store states;
  std::map<K, std::pair<id, std::uint64_t>> model;
  std::set<id> ids;
};

template <class K>
void check_random_operations(std::size_t rounds, std::uint64_t key_space, std::size_t chunk) {
  std::mt19937_64 random(test::seed());
  checked_store<K> checked{keyed_store<K, std::uint64_t>(hash_seed{random()}), {}, {}};
  for (std::size_t round = 0; round < rounds; ++round) {
    std::vector<K> keys(random() % chunk);
    for (K& key : keys)
      key = make_key<K>(random() % key_space);
    checked.probe(keys, random);
    if (round % (rounds / 4) == 0)
      checked.check_all();
  }
  checked.check_all();
}

} // namespace

TEST_CASE("a new store is empty and finds nothing") {
  keyed_store<std::uint64_t, int> states(hash_seed{1});
  CHECK(states.empty());
  CHECK(states.id_bound() == 0);
  CHECK(states.memory_bytes() == 0);
  CHECK(states.find(7u, 7) == states.none);
  states.probe(
      0, nullptr, [](std::size_t) { return 1u; }, [](std::size_t, auto) { FAIL("visited"); });
  states.for_each([](auto, auto&) { FAIL("visited"); });
  states.clear();
}

TEST_CASE("random operations agree with a model; ids stay with their keys") {
  check_random_operations<std::uint64_t>(2'000, 60, 50);
  check_random_operations<std::uint64_t>(400, 20'000, 1'000);
  check_random_operations<std::string>(400, 3'000, 300);
  check_random_operations<crowded<1>>(300, 100, 60);
  check_random_operations<crowded<7>>(300, 300, 60);
}

TEST_CASE("a store of many megabytes finds all, and forgets all but what is left") {
  keyed_store<std::uint64_t, std::uint64_t> states(hash_seed{2});
  const auto hash = [&](std::uint64_t key) {
    return key_hash<std::uint64_t>{}(key, states.seed());
  };
  constexpr std::uint64_t n = 300'000;
  for (std::uint64_t key = 0; key < n; ++key)
    REQUIRE(states.insert(key, hash(key), key * 3) == key);
  for (std::uint64_t key = 0; key < n; ++key)
    if (key % 5 != 0)
      states.erase(states.find(key, hash(key)));
  CHECK(states.size() == n / 5);
  for (std::uint64_t key = 0; key < n; ++key) {
    const auto at = states.find(key, hash(key));
    REQUIRE((at != states.none) == (key % 5 == 0));
    if (at != states.none)
      REQUIRE(std::as_const(states).at(at).value == key * 3);
  }
  for (std::uint64_t key = n; key < n + n / 5 * 4; ++key)
    REQUIRE(states.insert(key, hash(key), 0) < n);
  CHECK(states.id_bound() == n);
  CHECK(states.insert(n * 2, hash(n * 2), 0) == n);
}

TEST_CASE("find_or_insert makes a value for a new key only; for_each may erase and change") {
  keyed_store<std::string, int> states(hash_seed{3});
  const auto touch = [&](std::string_view key) {
    return states.find_or_insert(key, key_hash<std::string_view>{}(key, states.seed()),
                                 [] { return 10; });
  };
  const auto a = touch("a");
  CHECK(touch("a") == a);
  ++states.at(a).value;
  const auto b = touch("b");
  CHECK(a != b);
  states.for_each([&](auto id, auto& entry) {
    if (entry.key == "b")
      states.erase(id);
    else
      ++entry.value;
  });
  CHECK(states.size() == 1);
  CHECK(states.at(a).value == 12);
  CHECK(states.contains(a));
  CHECK_FALSE(states.contains(b));
}

TEST_CASE("an exception of a visitor leaves what was done before it") {
  keyed_store<std::uint64_t, int> states(hash_seed{4});
  std::vector<std::uint64_t> keys{1, 2, 1, 3};
  std::vector<std::uint64_t> hashes(keys.size());
  hash_chunk<std::uint64_t>(keys, states.seed(), hashes.data());
  CHECK_THROWS_AS(states.probe(
                      keys.size(), hashes.data(), [&](std::size_t i) { return keys[i]; },
                      [&](std::size_t i, auto at) {
                        if (at != states.none)
                          throw std::runtime_error("seen");
                        states.insert(keys[i], hashes[i], int(i));
                      }),
                  std::runtime_error);
  CHECK(states.size() == 2);
  CHECK(states.at(states.find(2u, hashes[1])).value == 1);
}

TEST_CASE("at its bound a store refuses one more key and goes on serving the others") {
  keyed_store<std::uint64_t, int> states(hash_seed{5}, 3);
  const auto hash = [&](std::uint64_t key) {
    return key_hash<std::uint64_t>{}(key, states.seed());
  };
  for (std::uint64_t key : {1, 2, 3})
    states.insert(key, hash(key), 0);
  try {
    states.insert(std::uint64_t{4}, hash(4), 0);
    FAIL("the fourth key was taken");
  } catch (const stream_error& e) {
    CHECK(e.code() == errc::limit_exceeded);
    CHECK(std::string(e.what()).find("3 keys") != std::string::npos);
  }
  CHECK(states.size() == 3);
  states.erase(states.find(2u, hash(2)));
  states.insert(std::uint64_t{4}, hash(4), 0);
  CHECK(states.find(4u, hash(4)) != states.none);
}

TEST_CASE("values that cannot be copied are moved, and freed once") {
  keyed_store<std::uint64_t, std::unique_ptr<std::uint64_t>> states(hash_seed{6});
  const auto hash = [&](std::uint64_t key) {
    return key_hash<std::uint64_t>{}(key, states.seed());
  };
  for (std::uint64_t key = 0; key < 10'000; ++key)
    states.insert(key, hash(key), std::make_unique<std::uint64_t>(key));
  states.erase(states.find(0u, hash(0)));
  auto moved = std::move(states);
  CHECK(*moved.at(moved.find(9'999u, hash(9'999))).value == 9'999);
  CHECK(states.empty());
  CHECK(states.find(5u, hash(5)) == states.none);
  moved.clear();
  CHECK(moved.empty());
  CHECK(moved.memory_bytes() == 0);
  moved.insert(std::uint64_t{1}, hash(1), nullptr);
  CHECK(moved.size() == 1);
}

TEST_CASE("entries larger than a page, and a small store, take what they need") {
  keyed_store<std::uint64_t, std::array<char, 10'000>> large(hash_seed{7});
  keyed_store<std::uint64_t, std::uint64_t> small(hash_seed{7});
  for (std::uint64_t key = 0; key < 200; ++key)
    large.insert(key, key_hash<std::uint64_t>{}(key, large.seed()), {char(key)});
  for (std::uint64_t key = 0; key < 200; ++key)
    CHECK(large.at(large.find(key, key_hash<std::uint64_t>{}(key, large.seed()))).value[0] ==
          char(key));
  for (std::uint64_t key = 0; key < 10; ++key)
    small.insert(key, key_hash<std::uint64_t>{}(key, small.seed()), key);
  CHECK(small.memory_bytes() < 4'096);
}

TEST_CASE("a small payload costs at most 20 bytes an entry over it, just after growth too, apart "
          "from one huge page of a large store") {
  keyed_store<std::uint64_t, std::uint64_t> states(hash_seed{8});
  const std::size_t before = detail::huge_bytes_held();
  std::size_t worst = 0;
  for (std::uint64_t key = 0; key < 1'000'000; ++key) {
    states.insert(key, key_hash<std::uint64_t>{}(key, states.seed()), 0);
    const std::size_t begun = detail::huge_bytes_held() == before ? 0 : detail::huge_page;
    if (key > 100'000)
      worst = std::max(worst, (states.memory_bytes() - begun) * 10 / states.size() - 160);
  }
  CHECK(worst <= 200);
}

TEST_CASE("what is shared stays as it was, whatever happens to the store") {
  keyed_store<std::string, std::string> states(hash_seed{9});
  const auto hash = [&](const std::string& key) {
    return key_hash<std::string>{}(key, states.seed());
  };
  std::map<std::string, std::string> then;
  for (int i = 0; i < 9'000; ++i) {
    const std::string key = "a key of some length, number " + std::to_string(i);
    states.insert(key, hash(key), "old");
    then[key] = "old";
  }
  const auto shared = states.share();
  const std::size_t before = states.memory_bytes();
  for (const auto& [key, value] : then) {
    const auto at = states.find(key, hash(key));
    if (key.back() == '7')
      states.erase(at);
    else if (key.back() == '8')
      states.at(at).value = "new";
  }
  for (int i = 0; i < 2'000; ++i)
    states.insert(std::to_string(i), hash(std::to_string(i)), "added");
  CHECK(states.memory_bytes() >= before);
  std::map<std::string, std::string> seen;
  shared.for_each([&](auto, const auto& entry) { seen.emplace(entry.key, entry.value); });
  CHECK(seen == then);
  states.clear();
  seen.clear();
  shared.for_each([&](auto, const auto& entry) { seen.emplace(entry.key, entry.value); });
  CHECK(seen == then);
}
