#pragma once

#include "millrace/chunk/owned.hpp"
#include "millrace/chunk/view_access.hpp"
#include "millrace/codec/codec.hpp"
#include "millrace/codec/type_name.hpp"
#include "millrace/eventtime/event_time.hpp"

#include <compare>
#include <ostream>
#include <tuple>
#include <utility>

namespace millrace {

/// The event times from `start` up to but without `end`. A value type; ordered by end, then start,
/// the order in which windows fire.
struct event_window {
  event_time start;
  event_time end;

  friend constexpr bool operator==(const event_window&, const event_window&) = default;
  friend constexpr auto operator<=>(const event_window& a, const event_window& b) noexcept {
    const auto by_end = a.end <=> b.end;
    return by_end != 0 ? by_end : a.start <=> b.start;
  }
};

/// "[start ms, end ms)".
inline std::ostream& operator<<(std::ostream& out, const event_window& window) {
  return out << '[' << window.start << ", " << window.end << ')';
}

/// The result of one window, as it goes downstream: `std::pair<K, windowed<C>>` for each key. A
/// value type.
template <class C>
struct windowed {
  event_time start;
  event_time end;
  C value;

  event_window window() const { return {start, end}; }

  friend bool operator==(const windowed&, const windowed&) = default;
};

/// "[start ms, end ms) value".
template <class C>
requires requires(std::ostream& out, const C& value) { out << value; }
std::ostream& operator<<(std::ostream& out, const windowed<C>& result) {
  return out << result.window() << ' ' << result.value;
}

template <class C>
struct contains_view<windowed<C>> : contains_view<C> {};

template <class C>
struct owned<windowed<C>> {
  using type = windowed<owned_t<C>>;
  static type from(const windowed<C>& result) {
    return {result.start, result.end, to_owned<C>(result.value)};
  }
};

template <class C>
struct view_access<windowed<C>> {
  static constexpr bool reachable = views_reachable<C>;
  template <class F>
  static void each(windowed<C>& result, F&& f) {
    view_access<C>::each(result.value, f);
  }
};

template <class C>
struct type_name<windowed<C>> {
  static std::string get() { return detail::enclosed("windowed<", {type_name_of<C>()}, ">"); }
};

/// An array of start and end in milliseconds and the value.
template <class C>
struct codec<windowed<C>> {
  static void encode(encoder& out, const windowed<C>& value)
  requires encodable<C>
  {
    out.begin_array(3);
    out.write_signed(value.start.ms());
    out.write_signed(value.end.ms());
    codec<C>::encode(out, value.value);
  }

  static result<windowed<C>> decode(decoder& in)
  requires decodable<C>
  {
    using parts = std::tuple<std::int64_t, std::int64_t, C>;
    return codec<parts>::decode(in).map([](parts&& read) {
      return windowed<C>{event_time{std::get<0>(read)}, event_time{std::get<1>(read)},
                         std::get<2>(std::move(read))};
    });
  }
};

} // namespace millrace
