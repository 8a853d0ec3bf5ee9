#include "millrace/config/units.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <numeric>
#include <span>

#include <fmt/format.h>

namespace millrace {

namespace {

struct unit {
  std::string_view name;
  std::uint64_t factor;
};

/// Ordered from large to small, so that formatting finds the largest exact one first.
constexpr std::array<unit, 7> time_units{{{"d", 86'400'000},
                                          {"h", 3'600'000},
                                          {"m", 60'000},
                                          {"s", 1'000},
                                          {"ms", 1},
                                          {"min", 60'000},
                                          {"", 1}}};

constexpr std::array<unit, 14> size_units{{{"TiB", 1ULL << 40U},
                                           {"GiB", 1ULL << 30U},
                                           {"MiB", 1ULL << 20U},
                                           {"KiB", 1ULL << 10U},
                                           {"B", 1},
                                           {"t", 1ULL << 40U},
                                           {"g", 1ULL << 30U},
                                           {"m", 1ULL << 20U},
                                           {"k", 1ULL << 10U},
                                           {"TB", 1'000'000'000'000},
                                           {"GB", 1'000'000'000},
                                           {"MB", 1'000'000},
                                           {"kB", 1'000},
                                           {"", 1}}};

constexpr std::uint64_t largest = std::numeric_limits<std::int64_t>::max();

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

constexpr bool is_space(char c) noexcept { return c == ' ' || c == '\t'; }

constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_word(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && is_space(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && is_space(text.back()))
    text.remove_suffix(1);
  return text;
}

/// Takes the digits off the front of `text`.
std::string_view take_digits(std::string_view& text) noexcept {
  std::size_t n = 0;
  while (n < text.size() && is_digit(text[n]))
    ++n;
  const auto digits = text.substr(0, n);
  text.remove_prefix(n);
  return digits;
}

enum class quantity_fault { none, malformed, unknown_unit, negative, not_whole, overflow };

struct quantity {
  std::uint64_t value = 0;
  quantity_fault fault = quantity_fault::none;
};

/// `whole`.`fraction` times `factor`, in whole numbers throughout: no rounding can hide.
quantity multiply(std::string_view whole, std::string_view fraction, std::uint64_t factor) {
  std::uint64_t value = 0;
  for (const char c : whole)
    if (__builtin_mul_overflow(value, 10U, &value) ||
        __builtin_add_overflow(value, static_cast<std::uint64_t>(c - '0'), &value))
      return {0, quantity_fault::overflow};
  if (__builtin_mul_overflow(value, factor, &value) || value > largest)
    return {0, quantity_fault::overflow};
  while (!fraction.empty() && fraction.back() == '0')
    fraction.remove_suffix(1);
  std::uint64_t digits = 0;
  std::uint64_t scale = 1;
  for (const char c : fraction)
    if (__builtin_mul_overflow(scale, 10U, &scale) ||
        __builtin_add_overflow(digits * 10, static_cast<std::uint64_t>(c - '0'), &digits))
      return {0, quantity_fault::not_whole};
  // In lowest terms the product cannot overflow: digits < scale, so it stays below the factor.
  const auto common = std::gcd(factor, scale);
  if (digits % (scale / common) != 0)
    return {0, quantity_fault::not_whole};
  value += digits / (scale / common) * (factor / common);
  return value > largest ? quantity{0, quantity_fault::overflow} : quantity{value};
}

quantity read_quantity(std::string_view text, std::span<const unit> units) {
  text = trim(text);
  if (!text.empty() && text.front() == '-')
    return {0, quantity_fault::negative};
  const auto whole = take_digits(text);
  std::string_view fraction;
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    fraction = take_digits(text);
    if (fraction.empty())
      return {0, quantity_fault::malformed};
  }
  if (whole.empty())
    return {0, quantity_fault::malformed};
  const auto name = trim(text);
  const auto it = std::find_if(units.begin(), units.end(),
                               [&](const unit& u) { return same_word(u.name, name); });
  if (it == units.end())
    return {0, quantity_fault::unknown_unit};
  return multiply(whole, fraction, it->factor);
}

result<std::uint64_t> parse_quantity(std::string_view text, std::span<const unit> units,
                                     std::string_view what, std::string_view smallest,
                                     std::string_view unit_names) {
  const auto read = read_quantity(text, units);
  const auto refuse = [&](std::string_view why) {
    return fail(errc::invalid_argument, fmt::format("'{}' is not a {}: {}", text, what, why));
  };
  switch (read.fault) {
  case quantity_fault::none:
    break;
  case quantity_fault::malformed:
    return refuse(fmt::format("write a number and a unit ({})", unit_names));
  case quantity_fault::unknown_unit:
    return refuse(fmt::format("the unit is unknown; use {}", unit_names));
  case quantity_fault::negative:
    return refuse("it must not be negative");
  case quantity_fault::not_whole:
    return refuse(fmt::format("it must come out at whole {}", smallest));
  case quantity_fault::overflow:
    return refuse(fmt::format("it must be at most {} {}", largest, smallest));
  }
  return read.value;
}

std::string format_quantity(std::uint64_t n, std::span<const unit> units) {
  const auto it = std::find_if(units.begin(), units.end(), [&](const unit& u) {
    return u.factor == 1 || (n != 0 && n % u.factor == 0);
  });
  return fmt::format("{}{}", n / it->factor, it->name);
}

} // namespace

result<duration> parse_duration(std::string_view text) {
  return parse_quantity(text, time_units, "duration", "milliseconds", "ms, s, m, min, h or d")
      .map([](std::uint64_t ms) { return duration{static_cast<std::int64_t>(ms)}; });
}

result<std::uint64_t> parse_size(std::string_view text) {
  return parse_quantity(text, size_units, "size", "bytes",
                        "B, KiB, MiB, GiB, TiB, kB, MB, GB, TB, k, m, g or t");
}

std::string format_duration(duration d) {
  if (d.ms() < 0)
    return fmt::format("{}ms", d.ms());
  return format_quantity(static_cast<std::uint64_t>(d.ms()), time_units);
}

std::string format_size(std::uint64_t n) { return format_quantity(n, size_units); }

} // namespace millrace
