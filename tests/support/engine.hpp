#pragma once

#include "millrace/flow/stream_context.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::test {

/// How long a test waits for something that must happen; only a failing test ever waits as long.
inline constexpr std::chrono::seconds patience{20};

/// Waits until `done()`, which may have side effects and may throw; false when patience is over.
bool wait_until(const std::function<bool()>& done);

/// One runtime and its hand-moved clock, for one job. Hides from a suite which runtime it runs on.
class engine {
public:
  engine() = default;
  engine(const engine&) = delete;
  engine& operator=(const engine&) = delete;
  virtual ~engine() = default;

  virtual std::string_view name() const = 0;

  /// A context on this runtime, whose clock stands at 0. Call once; the context must go before the
  /// engine.
  virtual std::unique_ptr<basic_stream_context> make_context(configuration conf,
                                                             duration batch_interval) = 0;

  /// The runtime of that context.
  virtual runtime& its_runtime() = 0;

  /// Moves the clock. What falls due may still be running when this returns.
  virtual void advance(duration by) = 0;

  /// Moves the clock by `step` again and again until `done()`; false when patience is over.
  bool advance_until(duration step, const std::function<bool()>& done);
};

using engine_factory = std::function<std::unique_ptr<engine>()>;

/// The whole job on the thread of the test.
std::unique_ptr<engine> make_inline_engine();

/// The same in an order drawn from the seed, several batches in flight.
std::unique_ptr<engine> make_simulated_engine(std::uint64_t seed);

/// `local[2]`, a fixed hash seed, nothing from the environment.
configuration test_configuration();

/// The batches of a test stream; nothing where the stream has no batch.
template <class T>
using test_batches = std::vector<std::optional<std::vector<T>>>;

/// Spark's TestInputStream: batch k (from 1) holds input[k - 1], divided in order over the
/// partitions; empty beyond the end; absent where the input says so.
template <class T>
dstream<T> test_input(basic_stream_context& context, test_batches<T> input,
                      std::size_t partitions = 2,
                      std::source_location site = std::source_location::current()) {
  auto step = context.batch_interval().ms();
  return context.input_stream<T>(
      [input = std::move(input), partitions, step](batch_time time) -> std::optional<batch<T>> {
        auto k = static_cast<std::size_t>(time.ms() / step - 1);
        if (k >= input.size())
          return batch<T>{std::vector<T>{}, partitions};
        if (!input[k])
          return std::nullopt;
        return batch<T>{*input[k], partitions};
      },
      site);
}

/// What a stream gave, batch by batch.
template <class T>
struct job_output {
  std::vector<std::vector<T>> batches;
  std::vector<std::vector<std::vector<T>>> partitions;
};

/// Starts the job, moves the clock by `n` seconds in one jump, waits until `outputs()` is `wanted`,
/// and stops.
void run_for(engine& on, basic_stream_context& context, std::size_t n, std::size_t wanted,
             const std::function<std::size_t()>& outputs);

/// What `stream` gives in such a job.
template <class T>
job_output<owned_t<T>> collected(engine& on, basic_stream_context& context,
                                 const dstream<T>& stream, std::size_t n, std::size_t wanted) {
  collector<owned_t<T>> out;
  stream.collect_into(out);
  run_for(on, context, n, wanted, [&] { return out.size(); });
  return {out.batches(), out.partitions()};
}

/// Spark's testOperation: `build(context)` makes a stream; runs `n` batches of one second with the
/// clock moved in one jump, waits for as many outputs, or `outputs` of them if the stream slides
/// more slowly, and stops. An error that the job reports is thrown.
template <class Build>
auto run_job(engine& on, std::size_t n, Build build, configuration conf = test_configuration(),
             std::optional<std::size_t> outputs = std::nullopt) {
  auto context = on.make_context(std::move(conf), seconds(1));
  auto stream = build(*context);
  return collected<typename decltype(stream)::value_type>(on, *context, stream, n,
                                                          outputs.value_or(n));
}

/// One stream of T with these batches, through `op(stream)`.
template <class T, class Op>
auto run_operation(engine& on, test_batches<T> input, Op op) {
  auto n = input.size();
  return run_job(on, n,
                 [&](basic_stream_context& context) { return op(test_input<T>(context, input)); });
}

/// As run_operation, for a stream that has `outputs` batches in `n` of the input's.
template <class T, class Op>
auto run_windowed(engine& on, test_batches<T> input, std::size_t n, std::size_t outputs, Op op) {
  return run_job(
      on, n, [&](basic_stream_context& context) { return op(test_input<T>(context, input)); },
      test_configuration(), outputs);
}

/// For comparing where Spark promises no order.
template <class T>
std::vector<std::multiset<T>> as_sets(const std::vector<std::vector<T>>& batches) {
  std::vector<std::multiset<T>> out;
  for (auto& b : batches)
    out.emplace_back(b.begin(), b.end());
  return out;
}

} // namespace millrace::test
