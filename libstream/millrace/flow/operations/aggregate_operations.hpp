#pragma once

#include "millrace/flow/checks.hpp"
#include "millrace/flow/stream_access.hpp"
#include "millrace/sketch/hyper_log_log.hpp"
#include "millrace/sketch/space_saving.hpp"
#include "millrace/sketch/t_digest.hpp"
#include "millrace/sketch/top_k.hpp"
#include "millrace/stage/aggregate.hpp"
#include "millrace/stage/fold_window_reader.hpp"
#include "millrace/window/window_fold.hpp"

#include <cmath>
#include <cstdint>
#include <functional>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>
#include <vector>

namespace millrace {

namespace detail {
/// A function that can be assigned, which a lambda with captures cannot: a summary has to be.
template <class F>
class assignable {
public:
  explicit assignable(F f) : f_{std::move(f)} {}
  assignable(const assignable&) = default;
  assignable(assignable&&) = default;
  assignable& operator=(const assignable& other) {
    if (this != &other)
      f_.emplace(*other.f_);
    return *this;
  }
  assignable& operator=(assignable&& other) noexcept(std::is_nothrow_move_constructible_v<F>) {
    if (this != &other)
      f_.emplace(std::move(*other.f_));
    return *this;
  }

  template <class A>
  decltype(auto) operator()(const A& a) const {
    return std::invoke(*f_, a);
  }

private:
  std::optional<F> f_;
};
} // namespace detail

/// Summaries of whole batches and windows; base class of dstream<T>. Each partition makes a summary
/// of its own and only those move. The `_by_window` forms keep one summary for each batch of the
/// window; the cost of a slide does not depend on its length.
template <class T>
class aggregate_operations {
  using here = std::source_location;
  using record = owned_t<T>;

public:
  /// One summary of each batch. `make()` returns an empty one; see aggregate_of.
  template <class Make>
  requires aggregate_of<std::invoke_result_t<Make&>, T>
  auto aggregate(Make make, here site = here::current()) const {
    return aggregated("aggregate", make, site);
  }

  /// One summary of each window, an empty one when it holds nothing.
  template <class Make>
  requires aggregate_of<std::invoke_result_t<Make&>, T>
  auto aggregate_by_window(Make make, duration length, std::optional<duration> slide = std::nullopt,
                           here site = here::current()) const {
    return aggregated_by_window("aggregate_by_window", make, length, slide, site);
  }

  /// The k greatest records of each batch by `by(record)`, greatest first; records that are equal
  /// by it in ascending order. `by` is called with records as they flow and as they are kept, which
  /// own their text: for records with views make it a generic lambda.
  template <class By = std::identity>
  requires std::invocable<const By&, const T&> && std::invocable<const By&, const record&>
  auto top_k(std::size_t k, By by = {}, here site = here::current()) const {
    return greatest_first(aggregated("top_k", empty_top(k, by), site), site);
  }
  template <class By = std::identity>
  requires std::invocable<const By&, const T&> && std::invocable<const By&, const record&>
  auto top_k_by_window(std::size_t k, By by, duration length,
                       std::optional<duration> slide = std::nullopt,
                       here site = here::current()) const {
    return greatest_first(
        aggregated_by_window("top_k_by_window", empty_top(k, by), length, slide, site), site);
  }

  /// How many different records there are, estimated by a hyper_log_log, whose standard error is
  /// 1.04 / sqrt(2^precision): 0.8 % by default.
  auto approx_count_distinct(unsigned precision = hyper_log_log::default_precision,
                             here site = here::current()) const {
    check_record();
    return estimates(
        aggregated(
            "approx_count_distinct", [precision] { return hyper_log_log{precision}; }, site),
        site);
  }
  auto approx_count_distinct_by_window(duration length,
                                       std::optional<duration> slide = std::nullopt,
                                       unsigned precision = hyper_log_log::default_precision,
                                       here site = here::current()) const {
    check_record();
    return estimates(aggregated_by_window(
                         "approx_count_distinct_by_window",
                         [precision] { return hyper_log_log{precision}; }, length, slide, site),
                     site);
  }

  /// The values below which the given fractions of the numbers lie, estimated by a t_digest; an
  /// empty vector when there are none.
  auto approx_quantiles(std::vector<double> fractions, here site = here::current()) const
  requires std::convertible_to<T, double>
  {
    check_fractions("approx_quantiles", fractions, site);
    return quantiles(aggregated(
                         "approx_quantiles", [] { return t_digest{}; }, site),
                     std::move(fractions), site);
  }
  auto approx_quantiles_by_window(std::vector<double> fractions, duration length,
                                  std::optional<duration> slide = std::nullopt,
                                  here site = here::current()) const
  requires std::convertible_to<T, double>
  {
    check_fractions("approx_quantiles_by_window", fractions, site);
    return quantiles(
        aggregated_by_window(
            "approx_quantiles_by_window", [] { return t_digest{}; }, length, slide, site),
        std::move(fractions), site);
  }

  /// (record, count) of the n most frequent records, by a space_saving sketch of that capacity: no
  /// record is missing that makes up more than 1 / capacity of all, and no count is more than
  /// 1 / capacity of all too high.
  auto heavy_hitters(std::size_t n, std::size_t capacity = 1000,
                     here site = here::current()) const {
    check_record();
    return hitters(aggregated(
                       "heavy_hitters", [capacity] { return space_saving<T>{capacity}; }, site),
                   n, site);
  }
  auto heavy_hitters_by_window(std::size_t n, duration length,
                               std::optional<duration> slide = std::nullopt,
                               std::size_t capacity = 1000, here site = here::current()) const {
    check_record();
    return hitters(aggregated_by_window(
                       "heavy_hitters_by_window", [capacity] { return space_saving<T>{capacity}; },
                       length, slide, site),
                   n, site);
  }

private:
  const dstream<T>& self() const { return static_cast<const dstream<T>&>(*this); }

  static void check_record() {
    static_assert(keyable<T>,
                  "the record type needs a hash (std::hash or millrace_hash) and operator==");
  }

  template <class Make>
  auto aggregated(const char* operation, Make make, here site) const {
    using summary = std::invoke_result_t<Make&>;
    auto info = stream_access::describe_new(self(), operation, site);
    check_empty(make, *info);
    return stream_access::exchange<summary>(
        stream_access::builder(self()), info, {summarised<summary>(make)}, {.partitions = 1},
        [make](auto& who, consumer<summary>& down) {
          return make_part<aggregate_reader<summary, Make>>(who, down, make);
        });
  }

  template <class Make>
  auto aggregated_by_window(const char* operation, Make make, duration length,
                            std::optional<duration> slide, here site) const {
    using summary = std::invoke_result_t<Make&>;
    static_assert(!contains_view_v<summary>,
                  "a summary of a window outlives its batches and must own its text");
    auto info = stream_access::describe_new(self(), operation, site);
    check_empty(make, *info);
    auto times = checked_window(*info, length, slide, stream_access::node(self())->slide());
    auto merge = [](const summary& a, const summary& b) {
      summary both = a;
      both.merge(b);
      return both;
    };
    using fold = window_fold<summary, decltype(merge)>;
    exchange_traits traits{
        .partitions = 1, .absorbs_absence = true, .works_when_empty = true, .keeps_state = true};
    return stream_access::exchange<summary>(
        stream_access::builder(self()), info, {summarised<summary>(make)}, traits,
        [times, make, merge](auto& who, consumer<summary>& down) {
          auto empty = make;
          return make_part<fold_window_reader<summary, decltype(merge), fold>>(
              who, down, times, merge, fold{times.length, merge}, empty());
        },
        {}, times.slide);
  }

  /// A summary that cannot be made is an error here and now, not in the first batch.
  template <class Make>
  static void check_empty(Make& make, const op_info& info) {
    for_operation(info, [&] { static_cast<void>(make()); });
  }

  template <class Summary, class Make>
  exchange_parent summarised(Make make) const {
    return {stream_access::node(self()),
            [make](auto& who) { return make_part<aggregate_writer<T, Summary, Make>>(who, make); }};
  }

  template <class By>
  static auto empty_top(std::size_t k, By by) {
    using projection = by_projection<detail::assignable<By>>;
    using summary = millrace::top_k<record, projection>;
    return [k, by] { return summary{k, projection{detail::assignable<By>{by}}}; };
  }
  template <class Stream>
  static auto greatest_first(const Stream& tops, here site) {
    return stream_access::as_part(
        tops, tops.flat_map([](const auto& top) { return top.sorted(); }, site));
  }

  template <class Stream>
  static auto estimates(const Stream& sketches, here site) {
    auto rounded = sketches.map(
        [](const hyper_log_log& s) {
          return static_cast<std::int64_t>(std::llround(s.estimate()));
        },
        site);
    return stream_access::as_part(sketches, rounded);
  }

  static void check_fractions(const char* operation, const std::vector<double>& fractions,
                              here site) {
    for (auto f : fractions)
      if (!(f >= 0 && f <= 1))
        throw stream_error{errc::invalid_argument,
                           std::string{operation} + " at " + to_string(source_site{site}) +
                               ": a fraction is " + std::to_string(f) + "; allowed are 0 to 1"};
  }
  template <class Stream>
  static auto quantiles(const Stream& digests, std::vector<double> fractions, here site) {
    auto found = digests.map(
        [fractions](const t_digest& d) {
          std::vector<double> out;
          for (auto f : fractions)
            if (auto q = d.quantile(f))
              out.push_back(*q);
          return out;
        },
        site);
    return stream_access::as_part(digests, found);
  }

  template <class Stream>
  static auto hitters(const Stream& sketches, std::size_t n, here site) {
    auto top = sketches.flat_map(
        [n](const auto& s) {
          std::vector<std::pair<record, std::int64_t>> out;
          for (auto& item : s.top(n))
            out.emplace_back(item.key, static_cast<std::int64_t>(item.count));
          return out;
        },
        site);
    return stream_access::as_part(sketches, top);
  }
};

} // namespace millrace
