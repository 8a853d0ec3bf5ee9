#pragma once

#include "millrace/codec/decoder.hpp"
#include "millrace/codec/encoder.hpp"

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace millrace {

/// How a type becomes bytes and comes back. Specialise it for a type of your own:
///
///   template <> struct millrace::codec<point> {
///     static void encode(encoder& out, const point& p);     // may throw stream_error(too_large)
///     static result<point> decode(decoder& in);             // must not throw on any bytes
///   };
///
/// `decode` must read exactly what `encode` wrote, and at least one byte. Both may be called from
/// any thread at once. Built in: bool, integers, float and double, std::string, bytes,
/// std::string_view (encode only: it would not own what it refers to), pair, tuple, optional,
/// vector, and maps.
template <class T>
struct codec;

/// Types that can be written.
template <class T>
concept encodable = requires(encoder& out, const T& value) {
  { codec<T>::encode(out, value) } -> std::same_as<void>;
};

/// Types that can be read.
template <class T>
concept decodable = requires(decoder& in) {
  { codec<T>::decode(in) } -> std::same_as<result<T>>;
};

/// Types that can be written and read back.
template <class T>
concept codec_for = encodable<T> && decodable<T>;

template <>
struct codec<bool> {
  static void encode(encoder& out, bool value) { out.write_bool(value); }

  static result<bool> decode(decoder& in) { return in.read_bool(); }
};

template <std::integral T>
struct codec<T> {
  static void encode(encoder& out, T value) {
    if constexpr (std::is_signed_v<T>)
      out.write_signed(value);
    else
      out.write_unsigned(value);
  }

  static result<T> decode(decoder& in) {
    if constexpr (std::is_signed_v<T>)
      return narrow(in, in.read_signed());
    else
      return narrow(in, in.read_unsigned());
  }

private:
  template <class Wide>
  static result<T> narrow(const decoder& in, result<Wide> read) {
    if (!read)
      return tl::make_unexpected(std::move(read).error());
    const auto value = static_cast<T>(*read);
    if (static_cast<Wide>(value) != *read)
      return in.corrupt("the integer " + std::to_string(*read) + " does not fit " +
                        std::to_string(8 * sizeof(T)) + " bits");
    return value;
  }
};

template <>
struct codec<float> {
  static void encode(encoder& out, float value) { out.write_float(value); }

  static result<float> decode(decoder& in) { return in.read_float(); }
};

template <>
struct codec<double> {
  static void encode(encoder& out, double value) { out.write_double(value); }

  static result<double> decode(decoder& in) { return in.read_double(); }
};

template <>
struct codec<std::string_view> {
  static void encode(encoder& out, std::string_view value) { out.write_text(value); }
};

template <>
struct codec<std::string> {
  static void encode(encoder& out, const std::string& value) { out.write_text(value); }

  static result<std::string> decode(decoder& in) {
    return in.read_text().map([](std::string_view text) { return std::string{text}; });
  }
};

template <>
struct codec<bytes> {
  static void encode(encoder& out, const bytes& value) { out.write_bytes(value); }

  static result<bytes> decode(decoder& in) {
    return in.read_bytes().map([](std::span<const unsigned char> data) {
      return bytes{data.begin(), data.end()};
    });
  }
};

namespace detail {

/// An array of the parts of a pair or tuple.
template <class Tuple, class... Parts>
struct tuple_codec {
  static void encode(encoder& out, const Tuple& value)
  requires(encodable<Parts> && ...)
  {
    out.begin_array(sizeof...(Parts));
    std::apply([&](const Parts&... part) { (codec<Parts>::encode(out, part), ...); }, value);
  }

  static result<Tuple> decode(decoder& in)
  requires(decodable<Parts> && ...)
  {
    if (auto entered = in.enter_array_of(sizeof...(Parts), "a pair or tuple"); !entered)
      return tl::make_unexpected(std::move(entered).error());
    return read_parts(in, std::index_sequence_for<Parts...>{});
  }

private:
  template <std::size_t... I>
  static result<Tuple> read_parts(decoder& in, std::index_sequence<I...>) {
    std::tuple<std::optional<Parts>...> read;
    error failure;
    if (!(read_part(in, std::get<I>(read), failure) && ...))
      return tl::make_unexpected(std::move(failure));
    in.leave();
    return Tuple{std::move(*std::get<I>(read))...};
  }

  template <class Part>
  static bool read_part(decoder& in, std::optional<Part>& into, error& failure) {
    auto part = codec<Part>::decode(in);
    if (part)
      into.emplace(std::move(*part));
    else
      failure = std::move(part).error();
    return part.has_value();
  }
};

} // namespace detail

template <class A, class B>
struct codec<std::pair<A, B>> : detail::tuple_codec<std::pair<A, B>, A, B> {};

template <class... Parts>
struct codec<std::tuple<Parts...>> : detail::tuple_codec<std::tuple<Parts...>, Parts...> {};

/// An array of no or one item, so that an optional of an optional comes back as it was.
template <class T>
struct codec<std::optional<T>> {
  static void encode(encoder& out, const std::optional<T>& value)
  requires encodable<T>
  {
    out.begin_array(value ? 1 : 0);
    if (value)
      codec<T>::encode(out, *value);
  }

  static result<std::optional<T>> decode(decoder& in)
  requires decodable<T>
  {
    const auto items = in.enter_array();
    if (!items)
      return tl::make_unexpected(items.error());
    if (*items > 1)
      return in.corrupt("an optional has at most one item, but the data " + std::to_string(*items));
    std::optional<T> value;
    if (*items == 1) {
      auto item = codec<T>::decode(in);
      if (!item)
        return tl::make_unexpected(std::move(item).error());
      value.emplace(std::move(*item));
    }
    in.leave();
    return value;
  }
};

template <class T>
struct codec<std::vector<T>> {
  static void encode(encoder& out, const std::vector<T>& values)
  requires encodable<T>
  {
    out.begin_array(values.size());
    for (const T& value : values)
      codec<T>::encode(out, value);
  }

  static result<std::vector<T>> decode(decoder& in)
  requires decodable<T>
  {
    // More is taken only as items really arrive: a count alone must not cost memory.
    constexpr std::size_t believed_items = 1'024;
    const auto items = in.enter_array();
    if (!items)
      return tl::make_unexpected(items.error());
    std::vector<T> values;
    values.reserve(std::min(*items, believed_items));
    for (std::size_t i = 0; i < *items; ++i) {
      auto value = codec<T>::decode(in);
      if (!value)
        return tl::make_unexpected(std::move(value).error());
      values.push_back(std::move(*value));
    }
    in.leave();
    return values;
  }
};

/// Maps with unique keys: std::map, std::unordered_map, absl's.
template <class Map>
concept map_like = requires(Map& map, typename Map::key_type key, typename Map::mapped_type value) {
  { map.try_emplace(std::move(key), std::move(value)).second } -> std::convertible_to<bool>;
  { map.size() } -> std::convertible_to<std::size_t>;
};

template <map_like Map>
struct codec<Map> {
  using key_type = typename Map::key_type;
  using mapped_type = typename Map::mapped_type;

  static void encode(encoder& out, const Map& map)
  requires(encodable<key_type> && encodable<mapped_type>)
  {
    out.begin_map(map.size());
    for (const auto& [key, value] : map) {
      codec<key_type>::encode(out, key);
      codec<mapped_type>::encode(out, value);
    }
  }

  static result<Map> decode(decoder& in)
  requires(decodable<key_type> && decodable<mapped_type>)
  {
    const auto items = in.enter_map();
    if (!items)
      return tl::make_unexpected(items.error());
    Map map;
    for (std::size_t i = 0; i < *items; ++i) {
      auto key = codec<key_type>::decode(in);
      if (!key)
        return tl::make_unexpected(std::move(key).error());
      auto value = codec<mapped_type>::decode(in);
      if (!value)
        return tl::make_unexpected(std::move(value).error());
      if (!map.try_emplace(std::move(*key), std::move(*value)).second)
        return in.corrupt("a key comes twice in a map");
    }
    in.leave();
    return map;
  }
};

/// One value.
template <encodable T>
[[nodiscard]] bytes encode_value(const T& value) {
  encoder out;
  codec<T>::encode(out, value);
  return out.take();
}

/// What `encode_value` wrote. Anything else, also a byte too many, is an error.
template <decodable T>
[[nodiscard]] result<T> decode_value(std::span<const unsigned char> data,
                                     decode_limits limits = {}) {
  decoder in{data, limits};
  auto value = codec<T>::decode(in);
  if (value)
    if (auto ended = in.expect_end(); !ended)
      return tl::make_unexpected(std::move(ended).error());
  return value;
}

/// All records of a block as one MessagePack array.
template <encodable T>
[[nodiscard]] bytes encode_records(std::span<const T> records) {
  encoder out;
  out.begin_array(records.size());
  for (const T& record : records)
    codec<T>::encode(out, record);
  return out.take();
}

/// What `encode_records` wrote. Anything else, also a byte too many, is an error.
template <decodable T>
[[nodiscard]] result<std::vector<T>> decode_records(std::span<const unsigned char> data,
                                                    decode_limits limits = {}) {
  return decode_value<std::vector<T>>(data, limits);
}

} // namespace millrace
