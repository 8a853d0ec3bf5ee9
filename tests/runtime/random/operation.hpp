#pragma once

#include "millrace/flow/accumulator.hpp"
#include "runtime/random/plain.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <stdexcept>

namespace millrace {
class basic_stream_context;
}

namespace millrace::test {

/// Called by the user functions of a stream: throws at the n-th call, once, whichever thread makes
/// it. Copies count together. Default: never.
class fault {
public:
  fault() = default;
  explicit fault(int at_call) : left_{std::make_shared<std::atomic<int>>(at_call)} {}

  void operator()() const {
    if (left_ && left_->fetch_sub(1, std::memory_order_relaxed) == 1)
      throw std::runtime_error{"this function fails once"};
  }

private:
  std::shared_ptr<std::atomic<int>> left_;
};

/// Where keys go by a function of the user's, the same for both forms of a text.
struct key_route {
  static constexpr std::uint32_t partitions = 3;

  int operator()(number key) const { return static_cast<int>(key % partitions); }
  int operator()(std::string_view key) const { return static_cast<int>(key.size() % partitions); }
};

/// What one operation of a random graph is given.
struct parameters {
  number a = 1;                 ///< In [1, 9].
  std::uint32_t partitions = 0; ///< Of a keyed result, up to 4; 0: the default.
  bool by_route = false;        ///< Keys go by `route`, not by `partitions`.
  std::size_t parent_slide = 1; ///< In batches, as the next two.
  std::size_t length = 1;
  std::size_t slide = 1;
  bool default_slide = false; ///< The slide is not passed.
  bool little_memory = false; ///< Kept batches need a disk.

  basic_stream_context* context = nullptr;
  fault trip;
  accumulator<number> seen{"seen"}; ///< Of operations that count.
  key_partitioner<key_route> route{key_route::partitions, {}};

  [[nodiscard]] duration window_length() const { return in_seconds(length); }
  [[nodiscard]] std::optional<duration> window_slide() const {
    return default_slide ? std::nullopt : std::optional{in_seconds(slide)};
  }
  /// Whether the stream has a batch b.
  [[nodiscard]] bool due(std::size_t b) const { return (b + 1) % slide == 0; }

  static duration in_seconds(std::size_t n) { return seconds(static_cast<std::int64_t>(n)); }
};

/// Whether the order of the records is promised: as in the inputs, never, always, or as in the
/// inputs with the batches of a window one after the other.
enum class order { keeps, loses, makes, windows };

/// An operation and what it means in plain code.
struct random_operation {
  std::string name;
  std::vector<record_kind> in;
  record_kind out;
  order records;
  bool windowed = false;      ///< Has a length and a slide of its own.
  bool needs_parents = false; ///< Fails the batch when an input is left out.
  bool remembered = false;    ///< The batches can be had again by `slice`.
  /// Whether its batches are kept, so that they are made even if no output needs them.
  std::function<bool(const parameters&)> keeps = [](const parameters&) { return false; };
  bool counts = false; ///< Adds 1 to `seen` for each record of its input.
  std::function<any_stream(const std::vector<any_stream>&, const parameters&)> build = {};
  std::function<history(const std::vector<const history*>&, const parameters&)> evaluate = {};
};

using operation_list = std::vector<random_operation>;

/// How an operation on one stream is built, and what it means in plain code. Of fixed types, so
/// that what is made of them is compiled once for each pair of kinds and not once for each
/// operation.
template <record_kind In, record_kind Out>
using build_of = std::function<stream_of<Out>(const stream_of<In>&, const parameters&)>;
template <record_kind In, record_kind Out>
using model_of =
    std::function<batches_of<data_of<Out>>(const batches_of<data_of<In>>&, const parameters&)>;
template <record_kind In, record_kind Out>
using batch_model_of = std::function<data_of<Out>(const data_of<In>&, const parameters&)>;
template <record_kind In, record_kind Out>
using timed_model_of = std::function<data_of<Out>(const data_of<In>&, const parameters&, number)>;

/// The same of two streams.
template <record_kind Left, record_kind Right, record_kind Out>
using build_of_two = std::function<stream_of<Out>(const stream_of<Left>&, const stream_of<Right>&,
                                                  const parameters&)>;
template <record_kind Left, record_kind Right, record_kind Out>
using model_of_two =
    std::function<data_of<Out>(const data_of<Left>&, const data_of<Right>&, const parameters&)>;

/// `evaluate(batches, p)` -> the batches of the result, from all batches of the input.
template <record_kind In, record_kind Out>
random_operation over_history(std::string name, order records, build_of<In, Out> build,
                              model_of<In, Out> evaluate) {
  random_operation op{std::move(name), {In}, Out, records};
  op.build = [build = std::move(build)](const std::vector<any_stream>& s, const parameters& p) {
    return any_stream{std::in_place_index<Out>, build(std::get<In>(s[0]), p)};
  };
  op.evaluate = [evaluate = std::move(evaluate)](const std::vector<const history*>& in,
                                                 const parameters& p) {
    return untyped<Out>(evaluate(typed<In>(*in[0]), p), p.slide);
  };
  return op;
}

/// `evaluate(records, p, second)` -> the records of one batch, from those of the input at that
/// time.
template <record_kind In, record_kind Out>
random_operation per_batch(std::string name, order records, build_of<In, Out> build,
                           timed_model_of<In, Out> evaluate) {
  return over_history<In, Out>(
      std::move(name), records, std::move(build),
      [evaluate = std::move(evaluate)](const batches_of<data_of<In>>& in, const parameters& p) {
        batches_of<data_of<Out>> out(in.size());
        for (std::size_t b = 0; b < in.size(); ++b)
          if (in[b])
            out[b] = evaluate(*in[b], p, static_cast<number>(b + 1));
        return out;
      });
}

/// The same with `evaluate(records, p)`.
template <record_kind In, record_kind Out>
random_operation per_batch(std::string name, order records, build_of<In, Out> build,
                           batch_model_of<In, Out> evaluate) {
  return per_batch<In, Out>(
      std::move(name), records, std::move(build),
      timed_model_of<In, Out>{
          [evaluate = std::move(evaluate)](const data_of<In>& records_in, const parameters& p,
                                           number) { return evaluate(records_in, p); }});
}

/// `evaluate(records, p)` -> the records of one batch, from those of the window.
template <record_kind In, record_kind Out>
random_operation per_window(std::string name, order records, build_of<In, Out> build,
                            batch_model_of<In, Out> evaluate) {
  auto op = over_history<In, Out>(
      std::move(name), records, std::move(build),
      [evaluate = std::move(evaluate)](const batches_of<data_of<In>>& in, const parameters& p) {
        batches_of<data_of<Out>> out(in.size());
        for (std::size_t b = 0; b < in.size(); ++b) {
          if (!p.due(b))
            continue;
          data_of<In> window;
          for (std::size_t i = b + 1 > p.length ? b + 1 - p.length : 0; i <= b; ++i)
            if (in[i])
              append(window, *in[i]);
          out[b] = evaluate(window, p);
        }
        return out;
      });
  op.windowed = true;
  return op;
}

/// `evaluate(left, right, p)` -> the records of one batch. Both inputs must have one.
template <record_kind Left, record_kind Right, record_kind Out>
random_operation per_two(std::string name, order records, build_of_two<Left, Right, Out> build,
                         model_of_two<Left, Right, Out> evaluate) {
  random_operation op{std::move(name), {Left, Right}, Out, records};
  op.needs_parents = true;
  op.build = [build = std::move(build)](const std::vector<any_stream>& s, const parameters& p) {
    return any_stream{std::in_place_index<Out>,
                      build(std::get<Left>(s[0]), std::get<Right>(s[1]), p)};
  };
  op.evaluate = [evaluate = std::move(evaluate)](const std::vector<const history*>& in,
                                                 const parameters& p) {
    auto left = typed<Left>(*in[0]);
    auto right = typed<Right>(*in[1]);
    batches_of<data_of<Out>> out(left.size());
    for (std::size_t b = 0; b < left.size(); ++b)
      if (left[b] && right[b])
        out[b] = evaluate(*left[b], *right[b], p);
    return untyped<Out>(std::move(out), p.slide);
  };
  return op;
}

/// The same operation, which adds 1 to `seen` for each record of its input.
inline random_operation counting(random_operation op) {
  op.counts = true;
  return op;
}

/// Calls `body(how)` with a number of partitions or with the partitioner.
template <class Body>
auto with_partitions(const parameters& p, Body body) {
  return p.by_route ? body(p.route) : body(p.partitions);
}

} // namespace millrace::test
