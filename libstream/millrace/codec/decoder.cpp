#include "millrace/codec/decoder.hpp"

#include <bit>
#include <limits>
#include <string>

#include <fmt/format.h>

namespace millrace {

namespace {

enum class kind { nil, boolean, positive, negative, float32, float64, text, bin, array, map, ext };

std::string_view to_string(kind k) {
  switch (k) {
  case kind::nil:
    return "nil";
  case kind::boolean:
    return "a boolean";
  case kind::positive:
  case kind::negative:
    return "an integer";
  case kind::float32:
    return "a float";
  case kind::float64:
    return "a double";
  case kind::text:
    return "a text";
  case kind::bin:
    return "a byte string";
  case kind::array:
    return "an array";
  case kind::map:
    return "a map";
  case kind::ext:
    return "an extension";
  }
  return "unknown";
}

/// What a first byte of 0xc0 to 0xdf announces: the kind, how many bytes of number follow it, and
/// for fixed extensions the length that needs no number.
struct form {
  kind what;
  unsigned number_bytes;
  unsigned fixed = 0;
};

constexpr form forms[32] = {
    {kind::nil, 0},      {kind::nil, 0},      {kind::boolean, 0, 0}, {kind::boolean, 0, 1},
    {kind::bin, 1},      {kind::bin, 2},      {kind::bin, 4},        {kind::ext, 1},
    {kind::ext, 2},      {kind::ext, 4},      {kind::float32, 4},    {kind::float64, 8},
    {kind::positive, 1}, {kind::positive, 2}, {kind::positive, 4},   {kind::positive, 8},
    {kind::negative, 1}, {kind::negative, 2}, {kind::negative, 4},   {kind::negative, 8},
    {kind::ext, 0, 1},   {kind::ext, 0, 2},   {kind::ext, 0, 4},     {kind::ext, 0, 8},
    {kind::ext, 0, 16},  {kind::text, 1},     {kind::text, 2},       {kind::text, 4},
    {kind::array, 2},    {kind::array, 4},    {kind::map, 2},        {kind::map, 4},
};

/// The one first byte that MessagePack never uses.
constexpr unsigned char never_used = 0xc1;

/// A signed number of `n` bytes, widened to 64 bits.
std::int64_t sign_extend(std::uint64_t raw, unsigned n) noexcept {
  const auto shift = 64 - 8 * n;
  return static_cast<std::int64_t>(raw << shift) >> shift;
}

} // namespace

/// The first bytes of a value: its kind, and its number, length, count or floating-point bits.
struct decoder::head {
  kind what = kind::nil;
  std::uint64_t number = 0;
  std::size_t offset = 0;
};

tl::unexpected<error> decoder::corrupt(std::string_view why) const {
  return fail(errc::corrupt_data, fmt::format("at byte {}: {}", at_, why));
}

tl::unexpected<error> decoder::unexpected_kind(const head& found, std::string_view wanted) {
  at_ = found.offset;
  return corrupt(fmt::format("expected {}, found {}", wanted, to_string(found.what)));
}

result<decoder::head> decoder::read_head() {
  if (at_ == data_.size())
    return corrupt("the data ends where a value should begin");
  const auto start = at_;
  const unsigned char first = data_[at_];
  if (first <= 0x7f)
    return ++at_, head{kind::positive, first, start};
  if (first >= 0xe0)
    return ++at_, head{kind::negative, static_cast<std::uint64_t>(sign_extend(first, 1)), start};
  if (first <= 0x8f)
    return ++at_, head{kind::map, first & 0x0fU, start};
  if (first <= 0x9f)
    return ++at_, head{kind::array, first & 0x0fU, start};
  if (first <= 0xbf)
    return ++at_, head{kind::text, first & 0x1fU, start};
  if (first == never_used)
    return corrupt("0xc1 begins no value");
  const auto& form = forms[first - 0xc0U];
  if (remaining() <= form.number_bytes)
    return corrupt(fmt::format("the data ends within {}", to_string(form.what)));
  ++at_;
  std::uint64_t number = form.fixed;
  for (unsigned i = 0; i < form.number_bytes; ++i)
    number = number << 8U | data_[at_++];
  if (form.what != kind::negative)
    return head{form.what, number, start};
  const auto value = sign_extend(number, form.number_bytes);
  return head{value < 0 ? kind::negative : kind::positive, static_cast<std::uint64_t>(value),
              start};
}

result<std::span<const unsigned char>> decoder::read_body(std::uint64_t n) {
  if (n > remaining())
    return corrupt(fmt::format("{} bytes are announced, but {} are left", n, remaining()));
  if (n > limits_.max_text_bytes)
    return fail(errc::too_large,
                fmt::format("at byte {}: a text or byte string of {} bytes; at most "
                            "{} are allowed",
                            at_, n, limits_.max_text_bytes));
  const auto body = data_.subspan(at_, static_cast<std::size_t>(n));
  at_ += body.size();
  return body;
}

result<std::size_t> decoder::enter(std::uint64_t items, std::uint64_t bytes_per_item) {
  if (items > remaining() / bytes_per_item)
    return corrupt(
        fmt::format("{} items are announced, but only {} bytes are left", items, remaining()));
  if (items > limits_.max_items)
    return fail(errc::too_large, fmt::format("at byte {}: {} items; at most {} are allowed", at_,
                                             items, limits_.max_items));
  if (depth_ >= limits_.max_depth)
    return fail(errc::too_large, fmt::format("at byte {}: arrays and maps are nested deeper than "
                                             "the {} levels allowed",
                                             at_, limits_.max_depth));
  ++depth_;
  return static_cast<std::size_t>(items);
}

bool decoder::next_is_nil() const noexcept { return at_ < data_.size() && data_[at_] == 0xc0; }

result<void> decoder::read_nil() {
  const auto h = read_head();
  if (!h)
    return tl::make_unexpected(h.error());
  if (h->what != kind::nil)
    return unexpected_kind(*h, "nil");
  return {};
}

result<bool> decoder::read_bool() {
  const auto h = read_head();
  if (!h)
    return tl::make_unexpected(h.error());
  if (h->what != kind::boolean)
    return unexpected_kind(*h, "a boolean");
  return h->number != 0;
}

result<std::int64_t> decoder::read_signed() {
  const auto h = read_head();
  if (!h)
    return tl::make_unexpected(h.error());
  if (h->what == kind::negative)
    return static_cast<std::int64_t>(h->number);
  if (h->what != kind::positive)
    return unexpected_kind(*h, "an integer");
  if (h->number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return corrupt(fmt::format("the integer {} is too large for a signed number", h->number));
  return static_cast<std::int64_t>(h->number);
}

result<std::uint64_t> decoder::read_unsigned() {
  const auto h = read_head();
  if (!h)
    return tl::make_unexpected(h.error());
  if (h->what == kind::negative)
    return corrupt(fmt::format("the integer {} is negative", static_cast<std::int64_t>(h->number)));
  if (h->what != kind::positive)
    return unexpected_kind(*h, "an integer");
  return h->number;
}

result<float> decoder::read_float() {
  const auto h = read_head();
  if (!h)
    return tl::make_unexpected(h.error());
  if (h->what != kind::float32)
    return unexpected_kind(*h, "a float");
  return std::bit_cast<float>(static_cast<std::uint32_t>(h->number));
}

result<double> decoder::read_double() {
  const auto h = read_head();
  if (!h)
    return tl::make_unexpected(h.error());
  if (h->what == kind::float32)
    return static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(h->number)));
  if (h->what != kind::float64)
    return unexpected_kind(*h, "a double");
  return std::bit_cast<double>(h->number);
}

result<std::string_view> decoder::read_text() {
  const auto h = read_head();
  if (!h)
    return tl::make_unexpected(h.error());
  if (h->what != kind::text)
    return unexpected_kind(*h, "a text");
  return read_body(h->number).map([](std::span<const unsigned char> body) {
    return std::string_view{reinterpret_cast<const char*>(body.data()), body.size()};
  });
}

result<std::span<const unsigned char>> decoder::read_bytes() {
  const auto h = read_head();
  if (!h)
    return tl::make_unexpected(h.error());
  if (h->what != kind::bin)
    return unexpected_kind(*h, "a byte string");
  return read_body(h->number);
}

result<std::size_t> decoder::enter_array() {
  const auto h = read_head();
  if (!h)
    return tl::make_unexpected(h.error());
  if (h->what != kind::array)
    return unexpected_kind(*h, "an array");
  return enter(h->number, 1);
}

result<std::size_t> decoder::enter_map() {
  const auto h = read_head();
  if (!h)
    return tl::make_unexpected(h.error());
  if (h->what != kind::map)
    return unexpected_kind(*h, "a map");
  return enter(h->number, 2);
}

result<void> decoder::enter_array_of(std::size_t items, std::string_view what) {
  const auto found = enter_array();
  if (!found)
    return tl::make_unexpected(found.error());
  if (*found != items)
    return corrupt(fmt::format("{} has {} items, but the data {}", what, items, *found));
  return {};
}

result<void> decoder::skip() {
  // Every announced item has a byte of its own left, so the sum cannot overflow.
  for (std::uint64_t pending = 1; pending != 0; --pending) {
    const auto h = read_head();
    if (!h)
      return tl::make_unexpected(h.error());
    const auto skip_body = [&](std::uint64_t n) -> result<void> {
      return read_body(n).map([](auto) {});
    };
    result<void> done;
    if (h->what == kind::array || h->what == kind::map) {
      const std::uint64_t per_item = h->what == kind::map ? 2 : 1;
      const auto items = enter(h->number, per_item);
      if (!items)
        return tl::make_unexpected(items.error());
      leave();
      pending += *items * per_item;
    } else if (h->what == kind::text || h->what == kind::bin) {
      done = skip_body(h->number);
    } else if (h->what == kind::ext) {
      done = skip_body(h->number + 1);
    }
    if (!done)
      return done;
  }
  return {};
}

result<void> decoder::expect_end() const {
  if (remaining() != 0)
    return corrupt(fmt::format("{} bytes follow after the end of the value", remaining()));
  return {};
}

} // namespace millrace
