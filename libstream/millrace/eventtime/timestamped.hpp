#pragma once

#include "millrace/chunk/owned.hpp"
#include "millrace/chunk/view_access.hpp"
#include "millrace/codec/codec.hpp"
#include "millrace/codec/type_name.hpp"
#include "millrace/eventtime/event_time.hpp"

#include <ostream>
#include <type_traits>
#include <utility>

namespace millrace {

/// A record with the time of its event: what `assign_timestamps` makes. A value type.
template <class T>
struct timestamped {
  event_time time;
  T value;

  friend bool operator==(const timestamped&, const timestamped&) = default;
};

template <class T>
timestamped(event_time, T) -> timestamped<T>;

/// "value@time", the time in milliseconds.
template <class T>
requires requires(std::ostream& out, const T& value) { out << value; }
std::ostream& operator<<(std::ostream& out, const timestamped<T>& record) {
  return out << record.value << '@' << record.time.ms();
}

template <class T>
struct contains_view<timestamped<T>> : contains_view<T> {};

template <class T>
struct owned<timestamped<T>> {
  using type = timestamped<owned_t<T>>;
  static type from(const timestamped<T>& record) {
    return {record.time, to_owned<T>(record.value)};
  }
};

template <class T>
struct view_access<timestamped<T>> {
  static constexpr bool reachable = views_reachable<T>;
  template <class F>
  static void each(timestamped<T>& record, F&& f) {
    view_access<T>::each(record.value, f);
  }
};

template <class T>
struct type_name<timestamped<T>> {
  static std::string get() { return detail::enclosed("timestamped<", {type_name_of<T>()}, ">"); }
};

/// An array of the time in milliseconds and the value.
template <class T>
struct codec<timestamped<T>> {
  static void encode(encoder& out, const timestamped<T>& record)
  requires encodable<T>
  {
    out.begin_array(2);
    out.write_signed(record.time.ms());
    codec<T>::encode(out, record.value);
  }

  static result<timestamped<T>> decode(decoder& in)
  requires decodable<T>
  {
    return codec<std::pair<std::int64_t, T>>::decode(in).map([](std::pair<std::int64_t, T>&& read) {
      return timestamped<T>{event_time{read.first}, std::move(read.second)};
    });
  }
};

} // namespace millrace
