#pragma once

#include "millrace/chunk/hash_seed.hpp"
#include "millrace/chunk/kernel/short_text.hpp"
#include "millrace/chunk/same_key.hpp"

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace millrace {

template <class K>
struct key_hash;

namespace detail {

/// The 128-bit product folded to 64 bits: one multiplication that lets every input bit reach every
/// output bit.
inline std::uint64_t fold_multiply(std::uint64_t a, std::uint64_t b) {
  __extension__ using wide = unsigned __int128;
  const wide product = static_cast<wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

/// Two working keys of a seed; cheap, and hoisted out of loops by the compiler.
struct seed_keys {
  explicit seed_keys(hash_seed seed)
      : first(seed.value ^ 0x2d358dccaa6c78a5u),
        second(fold_multiply(seed.value ^ 0x8bb84b93962eacc9u, 0x9e3779b97f4a7c15u)) {}

  constexpr seed_keys(std::uint64_t a, std::uint64_t b) : first(a), second(b) {}

  std::uint64_t first;
  std::uint64_t second;
};

/// A bijection of words, one per seed: different words have different hashes, so a table need not
/// compare the words themselves. The secret multiplier keeps an outsider from choosing words that
/// agree in the low bits.
inline std::uint64_t mix_word(std::uint64_t word, const seed_keys& keys) {
  word = (word ^ keys.first) * (keys.second | 1);
  word = __builtin_bswap64(word) * 0x9fb21c651e98df25u;
  word = (word ^ (word >> 32)) * 0xd6e8feb86659fd93u;
  return word ^ (word >> 32);
}

inline std::uint64_t hash_word(std::uint64_t word, hash_seed seed) {
  return mix_word(word, seed_keys(seed));
}

inline std::uint64_t combine_hashes(std::uint64_t state, std::uint64_t next) {
  return fold_multiply(state ^ 0x9e3779b97f4a7c15u, next ^ 0xd6e8feb86659fd93u);
}

/// For more than 16 bytes: XXH3 under the job's seed.
std::uint64_t hash_long_text(const char* data, std::size_t size, hash_seed seed) noexcept;

/// Texts of one length up to 8 bytes are words; up to 16, two words that overlap. The length meets
/// the seed by addition, so that no choice of bytes can undo it.
inline std::uint64_t hash_text(std::string_view text, hash_seed seed) {
  const std::size_t size = text.size();
  const seed_keys keys(seed);
  const std::uint64_t sized = keys.first + (size + 1) * 0x9e3779b97f4a7c15u;
  if (size - 1 < 8) [[likely]]
    return mix_word(load_short(text.data(), size), {sized, keys.second});
  if (size - 1 < 16)
    return fold_multiply(fold_multiply(load_word(text.data()) ^ sized,
                                       load_word(text.data() + size - 8) ^ keys.second),
                         0x9fb21c651e98df25u);
  if (size == 0)
    return mix_word(0, {sized, keys.second});
  return hash_long_text(text.data(), size, seed);
}

template <class K>
concept hashed_by_user = requires(const K& key, hash_seed seed) {
  { millrace_hash(key, seed) } -> std::convertible_to<std::uint64_t>;
};

template <class K>
concept hashed_by_std = requires(const K& key) {
  { std::hash<K>{}(key) } -> std::convertible_to<std::size_t>;
};

template <class K>
inline constexpr bool is_small_scalar =
    (std::is_integral_v<K> || std::is_enum_v<K> || std::is_floating_point_v<K>)&&sizeof(K) <= 16;

template <class K>
struct is_hashable : std::bool_constant<is_text<K> || is_small_scalar<K> || hashed_by_user<K> ||
                                        hashed_by_std<K>> {};
template <class A, class B>
struct is_hashable<std::pair<A, B>> : std::conjunction<is_hashable<A>, is_hashable<B>> {};
template <class... Ts>
struct is_hashable<std::tuple<Ts...>> : std::conjunction<is_hashable<Ts>...> {};
template <class T>
struct is_hashable<std::optional<T>> : is_hashable<T> {};
template <class T, class Allocator>
struct is_hashable<std::vector<T, Allocator>> : is_hashable<T> {};
template <class... Ts>
struct is_hashable<std::variant<Ts...>> : std::conjunction<is_hashable<Ts>...> {};

template <class K>
std::uint64_t hash_scalar(K key, hash_seed seed) {
  if constexpr (std::is_floating_point_v<K>) {
    const double number = static_cast<double>(key);
    if (number == 0)
      return hash_word(0, seed);
    if (number != number)
      return hash_word(0x7ff8000000000000u, seed);
    return hash_word(std::bit_cast<std::uint64_t>(number), seed);
  } else {
    return hash_word(static_cast<std::uint64_t>(key), seed);
  }
}

} // namespace detail

/// A type that can key a table: hashed by `key_hash` and compared by `same_key`.
template <class K>
concept keyable = detail::is_hashable<K>::value && std::equality_comparable<K>;

/// The project's hash: 64 bits, all well mixed, so that a table may take the low ones for its slots
/// and an exchange the high ones for routing. Equal on every process of a job (same seed, same byte
/// order). Covers bool, characters, integers, enums, floating point (+0 and -0 alike, all NaNs
/// alike), std::string and std::string_view (same bytes, same hash), and pairs, tuples, optionals,
/// vectors and variants of these. For a type of your own write, beside it, `std::uint64_t
/// millrace_hash(const my_key&, millrace::hash_seed)`, usually as `key_hash<std::tuple<...>>` of
/// its parts; failing that std::hash is mixed with the seed, which cannot part keys that std::hash
/// does not part.
template <class K>
struct key_hash {
  std::uint64_t operator()(const K& key, hash_seed seed) const noexcept {
    static_assert(
        detail::is_hashable<K>::value,
        "this key type has no hash: give it millrace_hash(const K&, millrace::hash_seed)");
    if constexpr (detail::hashed_by_user<K>)
      return millrace_hash(key, seed);
    else if constexpr (detail::is_text<K>)
      return detail::hash_text(key, seed);
    else if constexpr (detail::is_small_scalar<K>)
      return detail::hash_scalar(key, seed);
    else
      return detail::hash_word(std::hash<K>{}(key), seed);
  }
};

template <class A, class B>
struct key_hash<std::pair<A, B>> {
  std::uint64_t operator()(const std::pair<A, B>& key, hash_seed seed) const noexcept {
    return detail::combine_hashes(key_hash<A>{}(key.first, seed), key_hash<B>{}(key.second, seed));
  }
};

template <class... Ts>
struct key_hash<std::tuple<Ts...>> {
  std::uint64_t operator()(const std::tuple<Ts...>& key, hash_seed seed) const noexcept {
    std::uint64_t state = detail::hash_word(sizeof...(Ts), seed);
    std::apply(
        [&](const Ts&... parts) {
          ((state = detail::combine_hashes(state, key_hash<Ts>{}(parts, seed))), ...);
        },
        key);
    return state;
  }
};

template <class T>
struct key_hash<std::optional<T>> {
  std::uint64_t operator()(const std::optional<T>& key, hash_seed seed) const noexcept {
    const std::uint64_t state = detail::hash_word(key.has_value(), seed);
    return key ? detail::combine_hashes(state, key_hash<T>{}(*key, seed)) : state;
  }
};

template <class T, class Allocator>
struct key_hash<std::vector<T, Allocator>> {
  std::uint64_t operator()(const std::vector<T, Allocator>& key, hash_seed seed) const noexcept {
    std::uint64_t state = detail::hash_word(key.size(), seed);
    for (const T& part : key)
      state = detail::combine_hashes(state, key_hash<T>{}(part, seed));
    return state;
  }
};

template <class... Ts>
struct key_hash<std::variant<Ts...>> {
  std::uint64_t operator()(const std::variant<Ts...>& key, hash_seed seed) const noexcept {
    std::uint64_t state = detail::hash_word(key.index(), seed);
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      ((key.index() == I ? void(state = detail::combine_hashes(
                                    state, key_hash<Ts>{}(*std::get_if<I>(&key), seed)))
                         : void()),
       ...);
    }(std::index_sequence_for<Ts...>{});
    return state;
  }
};

/// `same_key` for two keys whose 64-bit hashes are known to be equal under one seed.
template <class Hash, class A, class B>
bool same_key_given_hash(const A& a, const B& b) {
  if constexpr (std::is_same_v<Hash, key_hash<A>> && detail::is_text<A> && detail::is_text<B>)
    return a.size() == b.size() && (a.size() <= 8 || detail::same_text(a, b));
  else
    return same_key(a, b);
}

/// The partition of `partitions` (> 0) that a hash belongs to, from its high 32 bits.
constexpr std::uint32_t route(std::uint64_t hash, std::uint32_t partitions) {
  return static_cast<std::uint32_t>(((hash >> 32) * partitions) >> 32);
}

/// Hashes the `n` keys that `key_at(0) ... key_at(n - 1)` return, in one pass, into `out[0, n)`.
template <class KeyAt>
void hash_keys(std::size_t n, KeyAt key_at, hash_seed seed, std::uint64_t* out) {
  using key = std::remove_cvref_t<decltype(key_at(std::size_t{0}))>;
  for (std::size_t i = 0; i < n; ++i)
    out[i] = key_hash<key>{}(key_at(i), seed);
}

/// Hashes a whole chunk of keys in one pass into `out[0, keys.size())`.
template <class K>
void hash_chunk(std::span<const K> keys, hash_seed seed, std::uint64_t* out) {
  hash_keys(
      keys.size(), [&](std::size_t i) -> const K& { return keys[i]; }, seed, out);
}

} // namespace millrace
