#pragma once

#include "millrace/chunk/owned.hpp"
#include "millrace/codec/codec.hpp"
#include "millrace/codec/type_name.hpp"

#include <algorithm>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace millrace {

/// An order by what `Projection` makes of a value: the greater, the greater. Of values with equal
/// projections the one that is less by itself is the greater, so that "the greatest counts" lists
/// words of one count in their own order; values without an order of their own are equivalent then.
template <class Projection>
struct by_projection {
  [[no_unique_address]] Projection project{};

  template <class A, class B>
  bool operator()(const A& a, const B& b) const {
    const auto& left = std::invoke(project, a);
    const auto& right = std::invoke(project, b);
    if (left < right)
      return true;
    if constexpr (requires {
                    { b < a } -> std::convertible_to<bool>;
                  })
      return !(right < left) && b < a;
    else
      return false;
  }
};

template <class Projection>
by_projection(Projection) -> by_projection<Projection>;

/// The k greatest of all values, exactly.
///
/// `Less` is a strict weak order, `less(a, b)` when b is the greater. Of equivalent values the ones
/// that came first are kept and come first in `sorted`; with `merge` one's own came before the
/// other's. So the answer is the same for the same calls in the same order.
///
/// Fast because nearly all values of a long stream are less than k others already seen: one
/// comparison rejects them. What is not rejected is collected, and whenever twice k values are
/// there the lesser half is dropped, at a constant cost for each value, however they are ordered.
///
/// Memory: at most 2 * k values (at least 64) with 8 bytes each. A value that is added may be of
/// another type that `Less` compares with T and of which a T can be made, such as one with string
/// views for one with strings; only what is kept is copied. Single owner. After an exception of
/// `Less` the object can only be assigned to or destroyed. Bounds: k from 0 to 2^24.
template <class T, class Less = std::less<>>
class top_k {
public:
  static constexpr std::size_t max_k = std::size_t{1} << 24;

  static_assert(!contains_view_v<T>, "values that are kept must own their bytes: use owned_t<T>");

  /// Throws stream_error(invalid_argument) when `k` is over 2^24.
  explicit top_k(std::size_t k, Less less = {}) : k_{checked(k)}, less_{std::move(less)} {}

  template <class U>
  requires std::predicate<const Less&, const T&, const U&>
  void add(const U& value) {
    if (wanted(value))
      keep(value);
  }

  /// Adds many values, in order.
  template <class U>
  requires std::predicate<const Less&, const T&, const U&>
  void add(std::span<const U> values) {
    for (const U& value : values)
      if (wanted(value)) [[unlikely]]
        keep(value);
  }

  /// Takes in what `other` has kept. Throws stream_error(invalid_argument) when it keeps another
  /// number of values, and changes nothing then.
  void merge(const top_k& other) {
    if (other.k_ != k_)
      throw stream_error(errc::invalid_argument,
                         "top_k: the greatest " + std::to_string(k_) + " and the greatest " +
                             std::to_string(other.k_) + " values cannot be merged; use one number");
    for (const T& value : other.sorted())
      add(value);
  }

  /// The greatest values, at most k, the greatest first.
  std::vector<T> sorted() const {
    std::vector<const kept*> order;
    order.reserve(kept_.size());
    for (const kept& each : kept_)
      order.push_back(&each);
    const auto greater = [&](const kept* a, const kept* b) { return before(*a, *b); };
    const std::size_t n = size();
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(n), order.end(),
                      greater);
    std::vector<T> values;
    values.reserve(n);
    for (std::size_t i = 0; i < n; ++i)
      values.push_back(order[i]->value);
    return values;
  }

  std::size_t k() const noexcept { return k_; }
  /// How many values `sorted` gives.
  std::size_t size() const noexcept { return std::min(k_, kept_.size()); }
  /// Memory held; not what the values own.
  std::size_t memory_bytes() const noexcept {
    return sizeof(*this) + kept_.capacity() * sizeof(kept);
  }

private:
  template <class>
  friend struct codec;

  struct kept {
    T value;
    std::uint64_t number; // values come with ascending numbers
  };

  static std::size_t checked(std::size_t k) {
    if (k > max_k)
      throw stream_error(errc::invalid_argument, "top_k: the greatest " + std::to_string(k) +
                                                     " values; at most " + std::to_string(max_k) +
                                                     " can be kept");
    return k;
  }

  std::size_t most_kept() const noexcept { return std::max<std::size_t>(64, 2 * k_); }

  template <class U>
  bool wanted(const U& value) const {
    return !full_ || less_(kept_[least_].value, value);
  }

  template <class U>
  [[gnu::noinline]] void keep(const U& value) {
    if (k_ == 0)
      return;
    if (kept_.size() >= most_kept())
      prune();
    if (!wanted(value))
      return;
    if (kept_.size() == kept_.capacity())
      kept_.reserve(std::min(most_kept(), std::max<std::size_t>(16, 2 * kept_.size())));
    if constexpr (std::is_same_v<owned_t<U>, T>)
      kept_.push_back({to_owned(value), next_number_});
    else
      kept_.push_back({T(value), next_number_});
    ++next_number_;
    if (!full_ && kept_.size() == k_)
      prune();
  }

  bool before(const kept& a, const kept& b) const {
    if (less_(b.value, a.value))
      return true;
    return !less_(a.value, b.value) && a.number < b.number;
  }

  /// Drops all but the greatest k, of which there are at least k, and finds the least of them.
  void prune() {
    const auto last = kept_.begin() + static_cast<std::ptrdiff_t>(k_ - 1);
    std::nth_element(kept_.begin(), last, kept_.end(),
                     [&](const kept& a, const kept& b) { return before(a, b); });
    kept_.erase(last + 1, kept_.end());
    least_ = k_ - 1;
    full_ = true;
  }

  std::size_t k_;
  [[no_unique_address]] Less less_;
  std::vector<kept> kept_;
  std::size_t least_ = 0; // when full_: k values are not less than this one
  bool full_ = false;
  std::uint64_t next_number_ = 0;
};

/// Without the order, which may be a lambda: its name would change with what stands around it.
template <class T, class Less>
struct type_name<top_k<T, Less>> {
  static std::string get() { return detail::enclosed("top_k<", {type_name_of<T>()}, ">"); }
};

/// [k, values, the greatest first]. The order itself is not stored. One without a state of its own
/// is made anew by `Less{}`; any other, such as a projection that holds a function, has to be given
/// to `decode`.
template <class T, class Less>
struct codec<top_k<T, Less>> {
  static void encode(encoder& out, const top_k<T, Less>& value)
  requires encodable<T>
  {
    out.begin_array(2);
    out.write_unsigned(value.k());
    codec<std::vector<T>>::encode(out, value.sorted());
  }

  static result<top_k<T, Less>> decode(decoder& in)
  requires decodable<T> && std::is_empty_v<Less> && std::default_initializable<Less>
  {
    return decode(in, Less{});
  }

  static result<top_k<T, Less>> decode(decoder& in, Less less)
  requires decodable<T>
  {
    auto read = codec<std::pair<std::size_t, std::vector<T>>>::decode(in);
    if (!read)
      return tl::make_unexpected(std::move(read).error());
    const auto& [k, values] = *read;
    if (k > top_k<T, Less>::max_k || values.size() > k)
      return in.corrupt("the greatest " + std::to_string(k) + " values, " +
                        std::to_string(values.size()) + " of them; at most " +
                        std::to_string(top_k<T, Less>::max_k) + " can be kept");
    if (!std::ranges::is_sorted(values, [&](const T& a, const T& b) { return less(b, a); }))
      return in.corrupt("the greatest values are not in descending order");
    top_k<T, Less> all(k, std::move(less));
    all.add(std::span<const T>{values});
    return all;
  }
};

} // namespace millrace
