#pragma once

#include "runtime/random/data.hpp"

#include <algorithm>
#include <functional>
#include <map>

namespace millrace::test {

// What operations mean, in plain code.

/// More records than a batch of a random graph may have.
struct too_many_records {};
inline constexpr std::size_t most_records = 4000;

/// Keeps numbers far from overflow, however many operations follow each other.
inline constexpr number bound = 1'000'000'007;
inline number bounded(number x) { return x % bound; }

/// A pair as one number.
inline number one_number(number k, number v) { return (k % bound * 1009 + v % bound) % bound; }

template <class In, class F>
auto each(const In& in, F f) {
  std::vector<std::decay_t<decltype(f(in[0]))>> out;
  for (auto& x : in)
    out.push_back(f(x));
  return out;
}

template <class In, class F>
In only(const In& in, F f) {
  In out;
  std::ranges::copy_if(in, std::back_inserter(out), f);
  return out;
}

template <class T>
void append(std::vector<T>& to, const std::vector<T>& more) {
  to.insert(to.end(), more.begin(), more.end());
  if (to.size() > most_records)
    throw too_many_records{};
}

inline number total(const numbers& in) {
  number sum = 0;
  for (auto x : in)
    sum += x;
  return sum;
}

/// Of a set of numbers, whatever their order.
inline number digest(numbers in) {
  std::ranges::sort(in);
  auto sum = static_cast<number>(in.size());
  for (auto x : in)
    sum = one_number(sum, x);
  return sum;
}

/// value -> how often.
template <class T>
std::map<T, number> counts_of(const std::vector<T>& in) {
  std::map<T, number> out;
  for (auto& x : in)
    ++out[x];
  return out;
}

/// key -> its values, in order.
template <class K>
std::map<K, numbers> groups_of(const std::vector<std::pair<K, number>>& in) {
  std::map<K, numbers> out;
  for (auto& [k, v] : in)
    out[k].push_back(v);
  return out;
}

template <class K>
std::vector<std::pair<K, number>> pairs_of(const std::map<K, number>& in) {
  return {in.begin(), in.end()};
}

/// (key, f(its values)), in the order of the keys.
template <class K, class F>
std::vector<std::pair<K, number>> fold_groups(const std::vector<std::pair<K, number>>& in, F f) {
  std::vector<std::pair<K, number>> out;
  for (auto& [k, values] : groups_of(in))
    out.emplace_back(k, f(values));
  return out;
}

inline number bounded_total(const numbers& in) { return bounded(total(in)); }

inline texts split_plainly(const texts& in, char separator) {
  texts out;
  for (auto& line : in) {
    texts fields(1);
    for (char c : line) {
      if (c == separator)
        fields.emplace_back();
      else
        fields.back() += c;
    }
    while (fields.size() > 1 && fields.back().empty())
      fields.pop_back();
    if (fields.size() == 1 && fields[0].empty() && !line.empty())
      fields.clear();
    out.insert(out.end(), fields.begin(), fields.end());
  }
  return out;
}

inline texts words_plainly(const texts& in) {
  texts out;
  for (auto& line : in) {
    bool inside = false;
    for (char c : line) {
      auto blank = c == ' ' || c == '\n' || c == '\r';
      if (!blank && !inside)
        out.emplace_back();
      if (!blank)
        out.back() += c;
      inside = !blank;
    }
  }
  return out;
}

/// The lines of texts, which end with `\n` or `\r\n` or with the text.
inline texts lines_plainly(const texts& in) {
  texts out;
  for (auto& text : in) {
    bool inside = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (!std::exchange(inside, true))
        out.emplace_back();
      if (text[i] == '\n')
        inside = false;
      else if (text[i] != '\r' || i + 1 == text.size() || text[i + 1] != '\n')
        out.back() += text[i];
    }
  }
  return out;
}

template <class T>
std::vector<T> largest(const std::vector<T>& in) {
  return in.empty() ? std::vector<T>{} : std::vector<T>{*std::ranges::max_element(in)};
}

/// x -> m * x + c modulo 997, as the number m * 997 + c. Composition is associative and not
/// commutative.
namespace affine {
inline constexpr number modulus = 997;
inline number of(number x) { return (x % modulus + 1) % modulus * modulus + x / 7 % modulus; }
/// First `a`, then `b`.
inline number compose(number a, number b) {
  auto m = a / modulus * (b / modulus) % modulus;
  auto c = (b / modulus * (a % modulus) + b % modulus) % modulus;
  return m * modulus + c;
}
/// Of all, in order.
inline number all(const numbers& in) {
  number f = in.front();
  for (std::size_t i = 1; i < in.size(); ++i)
    f = compose(f, in[i]);
  return f;
}
} // namespace affine

} // namespace millrace::test
