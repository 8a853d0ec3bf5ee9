// What a batch does to states and keys depends on the keys that it touches, not on those it has.
#include "millrace/state/snapshot.hpp"
#include "millrace/state/state_store.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

using namespace millrace;

namespace {

std::size_t work = 0; ///< States copied or moved and keys compared, hashed or copied.

struct counted_key {
  explicit counted_key(std::uint64_t k) : value{k} {}
  counted_key(const counted_key& from) noexcept : value{from.value} { ++work; }
  counted_key& operator=(const counted_key& from) noexcept {
    value = from.value;
    ++work;
    return *this;
  }

  bool operator==(const counted_key& other) const {
    ++work;
    return value == other.value;
  }
  friend std::uint64_t millrace_hash(const counted_key& key, hash_seed seed) {
    ++work;
    return key_hash<std::uint64_t>{}(key.value, seed);
  }

  std::uint64_t value;
};

struct counted_state {
  explicit counted_state(int n) : value{n} {}
  counted_state(const counted_state& from) noexcept : value{from.value} { ++work; }
  counted_state& operator=(const counted_state& from) noexcept {
    value = from.value;
    ++work;
    return *this;
  }

  int value;
};

class counted_store {
public:
  explicit counted_store(std::uint64_t keys) {
    for (std::uint64_t from = 0; from < keys; from += 1'000)
      batch_of(from, 1, 1'000);
    batch_of(0, keys / touched, touched); // the memory that such a batch needs is there now
  }

  /// Touches `count` keys, each that far from the one before; gives the work.
  std::size_t batch_of(std::uint64_t from, std::uint64_t apart, std::uint64_t count) {
    std::vector<std::uint64_t> hashes;
    std::vector<counted_key> keys;
    keys.reserve(count);
    for (std::uint64_t i = 0; i < count; ++i) {
      keys.emplace_back(from + i * apart);
      hashes.push_back(key_hash<counted_key>{}(keys.back(), states.seed()));
    }
    work = 0;
    states.begin(batch_time{++batches});
    states.update(
        count, hashes.data(), [&](std::size_t i) -> const counted_key& { return keys[i]; },
        [](std::size_t, state<counted_state>& s) {
          s.update(counted_state{s.exists() ? s.get().value + 1 : 1});
        });
    states.expire([](const counted_key&, state<counted_state>&) { FAIL("nothing is due"); });
    states.commit();
    return work;
  }

  static constexpr std::uint64_t touched = 100;

  state_store<counted_key, counted_state> states{hash_seed{7}, seconds(1'000)};
  std::int64_t batches = 0;
};

} // namespace

TEST_CASE("the work of a batch, and of a delta, is that of the keys it touches") {
  constexpr auto n = counted_store::touched;
  std::vector<std::size_t> of_batches, of_deltas;
  for (std::uint64_t keys : {1'000, 100'000}) {
    counted_store store{keys};
    store.states.full_snapshot(); // from here on changes are kept for the delta
    of_batches.push_back(store.batch_of(7, keys / n, n));
    work = 0;
    std::size_t changed = 0;
    store.states.take_delta().for_each_changed([&](auto&&...) { ++changed; });
    CHECK(changed == n);
    of_deltas.push_back(work);
  }
  // Keys whose hashes happen to be alike cost a comparison more.
  CHECK(of_batches[1] <= of_batches[0] + n / 10);
  CHECK(of_deltas[1] <= of_deltas[0] + n / 10);
  CHECK(of_batches[0] > n);
  CHECK(of_batches[0] < 1'000);
  CHECK(of_deltas[0] < 1'000);
}
