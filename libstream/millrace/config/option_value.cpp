#include "millrace/config/option_value.hpp"

#include "millrace/config/master_spec.hpp"
#include "millrace/config/units.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include <fmt/format.h>

namespace millrace {

namespace {

constexpr std::int64_t no_limit = std::numeric_limits<std::int64_t>::max();

std::string_view trim(std::string_view text) noexcept {
  constexpr std::string_view spaces = " \t\r\n";
  const auto first = text.find_first_not_of(spaces);
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(spaces) - first + 1);
}

std::string lower(std::string_view text) {
  std::string low{text};
  for (auto& c : low)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return low;
}

/// The whole of `text` as a number, or nothing.
template <class Number>
std::optional<Number> read_number(std::string_view text) noexcept {
  Number number{};
  const auto* end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, number);
  if (code != std::errc{} || stop != end || text.empty())
    return std::nullopt;
  return number;
}

/// A bound in the unit that the option is written in.
std::string format_bound(const option& o, std::int64_t bound) {
  switch (o.type) {
  case option_type::duration:
    return format_duration(duration{bound});
  case option_type::size:
    return format_size(static_cast<std::uint64_t>(bound));
  default:
    return std::to_string(bound);
  }
}

std::string describe_range(const option& o) {
  const bool quantity = o.type == option_type::duration || o.type == option_type::size;
  if (o.max == no_limit)
    return quantity && o.min == 1 ? " above 0" : fmt::format(" of at least {}", o.min);
  return fmt::format(" from {} to {}", format_bound(o, o.min), format_bound(o, o.max));
}

tl::unexpected<error> refuse(const option& o, std::string_view text) {
  // Spark's words for an interval that is zero or less.
  const bool positive = o.type == option_type::duration && o.min == 1;
  return fail(errc::invalid_argument,
              fmt::format("option '{}' is '{}', but {}{}", o.key, text,
                          positive ? "should be a positive value: " : "must be ",
                          describe_allowed(o)));
}

result<option_value> in_range(const option& o, std::string_view text, std::int64_t value) {
  if (value < o.min && o.raise_to_min)
    value = o.min;
  if (value < o.min || value > o.max)
    return refuse(o, text);
  return option_value{value};
}

result<option_value> parse_real(const option& o, std::string_view text) {
  const auto number = read_number<double>(text);
  if (!number || !std::isfinite(*number) || *number < static_cast<double>(o.min) ||
      *number > static_cast<double>(o.max))
    return refuse(o, text);
  return option_value{*number};
}

result<option_value> parse_boolean(const option& o, std::string_view text) {
  constexpr std::array<std::string_view, 4> yes{"true", "yes", "on", "1"};
  constexpr std::array<std::string_view, 4> no{"false", "no", "off", "0"};
  const auto word = lower(text);
  if (std::find(yes.begin(), yes.end(), word) != yes.end())
    return option_value{true};
  if (std::find(no.begin(), no.end(), word) != no.end())
    return option_value{false};
  return refuse(o, text);
}

result<option_value> parse_choice(const option& o, std::string_view text) {
  const auto word = lower(text);
  auto rest = o.choices;
  while (!rest.empty()) {
    const auto choice = rest.substr(0, rest.find('|'));
    if (choice == word)
      return option_value{word};
    rest.remove_prefix(std::min(rest.size(), choice.size() + 1));
  }
  return refuse(o, text);
}

} // namespace

result<option_value> parse_option_value(const option& o, std::string_view text) {
  text = trim(text);
  switch (o.type) {
  case option_type::text:
    if (text.empty() || text.find('\0') != std::string_view::npos)
      return refuse(o, text);
    return option_value{std::string{text}};
  case option_type::master:
    return parse_master(text).map(
        [&](const master_spec&) { return option_value{std::string{text}}; });
  case option_type::integer: {
    const auto number = read_number<std::int64_t>(text);
    return number ? in_range(o, text, *number) : refuse(o, text);
  }
  case option_type::duration: {
    const auto span = parse_duration(text);
    return span ? in_range(o, text, span->ms()) : refuse(o, text);
  }
  case option_type::size: {
    const auto bytes = parse_size(text);
    return bytes ? in_range(o, text, static_cast<std::int64_t>(*bytes)) : refuse(o, text);
  }
  case option_type::real:
    return parse_real(o, text);
  case option_type::boolean:
    return parse_boolean(o, text);
  case option_type::choice:
    return parse_choice(o, text);
  }
  return refuse(o, text);
}

std::string format_option_value(const option& o, const option_value& value) {
  if (const auto* text = std::get_if<std::string>(&value))
    return *text;
  if (const auto* flag = std::get_if<bool>(&value))
    return *flag ? "true" : "false";
  if (const auto* real = std::get_if<double>(&value))
    return fmt::format("{}", *real);
  return format_bound(o, std::get<std::int64_t>(value));
}

std::string describe_allowed(const option& o) {
  switch (o.type) {
  case option_type::text:
    return "text that is not empty";
  case option_type::master:
    return "local, local[N] or local[*]";
  case option_type::integer:
    return "an integer" + describe_range(o);
  case option_type::real:
    return "a number" + describe_range(o);
  case option_type::boolean:
    return "true or false";
  case option_type::duration:
    return fmt::format("a duration{}, such as 200ms, 1.5s or 2m", describe_range(o));
  case option_type::size:
    return fmt::format("a size{}, such as 1000, 64k or 4MiB", describe_range(o));
  case option_type::choice: {
    std::string words{o.choices};
    for (std::size_t at = 0; (at = words.find('|', at)) != std::string::npos; at += 4)
      words.replace(at, 1, " or ");
    return words;
  }
  }
  return "unknown";
}

} // namespace millrace
