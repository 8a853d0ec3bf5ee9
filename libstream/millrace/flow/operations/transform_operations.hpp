#pragma once

#include "millrace/chunk/owned.hpp"
#include "millrace/flow/checks.hpp"
#include "millrace/flow/stream_access.hpp"
#include "millrace/stage/collect.hpp"
#include "millrace/stage/transform_reader.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <utility>
#include <vector>

namespace millrace {

namespace detail {

template <class R>
struct batch_of_result;
template <class T>
struct batch_of_result<batch<T>> {
  using type = T;
};
template <class T>
struct batch_of_result<std::optional<batch<T>>> {
  using type = T;
};

/// The owned records of a stream as they arrive at a transform.
template <class T>
exchange_parent gathered(const dstream<T>& stream) {
  return {stream_access::node(stream), [](auto&) { return make_part<collect_writer<T>>(); }};
}

/// The batch that a function returned, with owned records: what it made them from goes with the
/// call.
template <class T>
std::optional<batch<owned_t<T>>> owned_result(std::optional<batch<T>> made) {
  if constexpr (contains_view_v<T>) {
    if (!made)
      return std::nullopt;
    return made->map([](const T& record) { return to_owned(record); });
  } else {
    return made;
  }
}

/// `call(inputs)` returns a batch or an optional one.
template <class Call>
auto transformed(const std::shared_ptr<graph_builder>& builder, std::shared_ptr<op_info> info,
                 std::vector<exchange_parent> parents, Call call) {
  using element = typename batch_of_result<
      std::decay_t<std::invoke_result_t<Call&, const transform_inputs&>>>::type;
  using out = owned_t<element>;
  std::vector<checked_stream> streams;
  for (auto& p : parents)
    streams.push_back({builder, p.from});
  check_together(*info, streams);
  exchange_traits traits{.partitions = 1,
                         .works_when_empty = true,
                         .needs_parents = "Couldn't generate a batch from a parent of it"};
  return stream_access::exchange<out>(
      builder, std::move(info), std::move(parents), traits, [call](auto& who, consumer<out>& down) {
        auto owned_call = [call](const transform_inputs& in) mutable {
          return owned_result<element>(call(in));
        };
        return make_part<transform_reader<out>>(who, down, owned_call);
      });
}

} // namespace detail

/// Operations on whole batches; base class of dstream<T>. The functions get `batch<T>` with owned
/// records and may do something else in every batch. Records of what they return that hold views
/// are made owned.
template <class T>
class transform_operations {
  using here = std::source_location;
  using owned_batch = batch<owned_t<T>>;

public:
  /// f(batch) or f(batch, time) -> a batch, or an optional one; an empty optional fails the batch.
  template <class F>
  auto transform(F f, here site = here::current()) const {
    auto info = stream_access::describe_new(self(), "transform", site);
    return detail::transformed(stream_access::builder(self()), info, {detail::gathered(self())},
                               [f](const transform_inputs& in) mutable {
                                 auto records = in.template of<owned_t<T>>(0);
                                 if constexpr (std::invocable<F&, const owned_batch&, batch_time>)
                                   return std::invoke(f, records, in.time());
                                 else
                                   return std::invoke(f, records);
                               });
  }

  /// f(this batch, other batch) or with the time as a third argument.
  template <class U, class F>
  auto transform_with(const dstream<U>& other, F f, here site = here::current()) const {
    using other_batch = batch<owned_t<U>>;
    auto info = stream_access::describe_new(self(), "transform_with", site);
    check_together(*info, {{stream_access::builder(self()), stream_access::node(self())},
                           {stream_access::builder(other), stream_access::node(other)}});
    return detail::transformed(
        stream_access::builder(self()), info, {detail::gathered(self()), detail::gathered(other)},
        [f](const transform_inputs& in) mutable {
          auto a = in.template of<owned_t<T>>(0);
          auto b = in.template of<owned_t<U>>(1);
          if constexpr (std::invocable<F&, const owned_batch&, const other_batch&, batch_time>)
            return std::invoke(f, a, b, in.time());
          else
            return std::invoke(f, a, b);
        });
  }

private:
  const dstream<T>& self() const { return static_cast<const dstream<T>&>(*this); }
};

} // namespace millrace
