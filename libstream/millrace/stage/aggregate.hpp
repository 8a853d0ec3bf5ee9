#pragma once

#include "millrace/stage/fold.hpp"

#include <concepts>
#include <functional>

namespace millrace {

/// A mergeable summary of records of type T, such as a sketch: `add(record)` or `add(span)`, and
/// `merge(other)`. Merging must not depend on how records are divided among summaries.
template <class A, class T>
concept aggregate_of = std::copyable<A> &&
                       (
                           requires(A& a, const T& record) { a.add(record); } ||
                           requires(A& a, std::span<const T> records) { a.add(records); }) &&
                       requires(A& a, const A& other) { a.merge(other); };

/// Upstream half of `aggregate`: a summary of each stage partition that has records.
template <class T, class A, class Make>
class aggregate_writer final : public writer_base<aggregate_writer<T, A, Make>, T> {
public:
  aggregate_writer(op_info_ptr info, Make make) : info_{std::move(info)}, make_{std::move(make)} {}

  void clear() { summary_.reset(); }

  void write(partition_order, std::span<T> records) {
    guarded(*info_, [&] {
      if (!summary_)
        summary_.emplace(make_());
      if constexpr (requires { summary_->add(std::span<const T>{records}); }) {
        summary_->add(std::span<const T>{records});
      } else {
        for (auto& record : records)
          summary_->add(std::as_const(record));
      }
    });
  }

  std::vector<payload_ptr> take() override {
    auto out = std::make_shared<fold_payload<A>>();
    out->value = std::move(summary_);
    summary_.reset();
    this->template keep_inputs<A>(*out);
    return {std::move(out)};
  }

private:
  op_info_ptr info_;
  Make make_;
  std::optional<A> summary_;
};

/// Downstream half: one summary of the batch, an empty one when there are no records.
template <class A, class Make>
class aggregate_reader final : public exchange_reader {
public:
  aggregate_reader(op_info_ptr info, consumer<A>& down, Make make)
      : info_{std::move(info)}, down_{down}, make_{std::move(make)} {}

  bool read(batch_context& context, const exchange_input& input) override {
    A total = guarded(*info_, [&] {
      A all = make_();
      for (auto& slot : input.slots)
        if (auto& part = static_cast<const fold_payload<A>&>(*slot).value)
          all.merge(*part);
      return all;
    });
    down_.begin(context);
    down_.open({0, input.partition});
    down_.consume(std::span<A>{&total, 1});
    down_.close();
    down_.end();
    return true;
  }

private:
  op_info_ptr info_;
  consumer<A>& down_;
  Make make_;
};

} // namespace millrace
