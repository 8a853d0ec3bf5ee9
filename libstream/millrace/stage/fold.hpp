#pragma once

#include "millrace/chunk/stored.hpp"
#include "millrace/op/op.hpp"
#include "millrace/stage/writer_base.hpp"

#include <functional>
#include <optional>

namespace millrace {

/// At most one value: the partial result of one stage partition.
template <class T>
class fold_payload final : public payload {
public:
  std::size_t records() const override { return value ? 1 : 0; }
  std::optional<T> value;
};

/// Upstream half of `reduce(f)`: one partial result for each stage partition that saw a record. R
/// is the reduced_t of F over records of type T.
template <class T, class F, class R = reduced_t<F, T>>
class reduce_writer final : public writer_base<reduce_writer<T, F, R>, T> {
public:
  reduce_writer(op_info_ptr info, F f) : info_{std::move(info)}, f_{std::move(f)} {}

  void clear() { value_.reset(); }

  void write(partition_order, std::span<T> records) {
    guarded(*info_, [&] {
      std::size_t i = 0;
      if (!value_)
        value_.emplace(reduce_start<R>(std::move(records[i++])));
      for (; i < records.size(); ++i)
        reduce_into<T>(f_, *value_, std::move(records[i]));
    });
  }

  std::vector<payload_ptr> take() override {
    auto out = std::make_shared<fold_payload<R>>();
    out->value = std::move(value_);
    this->template keep_inputs<R>(*out);
    return {std::move(out)};
  }

private:
  op_info_ptr info_;
  F f_;
  std::optional<R> value_;
};

/// Downstream half of `reduce(f)`: combines the partial results in upstream order; no record, no
/// result.
template <class T, class F, class R = reduced_t<F, T>>
class reduce_reader final : public exchange_reader {
public:
  reduce_reader(op_info_ptr info, consumer<R>& down, F f)
      : info_{std::move(info)}, down_{down}, f_{std::move(f)} {}

  bool read(batch_context& context, const exchange_input& input) override {
    std::optional<R> total;
    guarded(*info_, [&] {
      for (auto& slot : input.slots) {
        auto& part = static_cast<const fold_payload<R>&>(*slot).value;
        if (!part)
          continue;
        if (total)
          reduce_into<T>(f_, *total, R(*part));
        else
          total.emplace(*part);
      }
    });
    down_.begin(context);
    down_.open({0, input.partition});
    if (total)
      down_.consume(std::span<R>{&*total, 1});
    down_.close();
    down_.end();
    return true;
  }

private:
  op_info_ptr info_;
  consumer<R>& down_;
  F f_;
};

/// Upstream half of `count()`. Nothing counted is an empty payload, so that an empty batch stays
/// one downstream.
template <class T>
class count_writer final : public writer_base<count_writer<T>, T> {
public:
  void clear() { count_ = 0; }
  void write(partition_order, std::span<T> records) {
    count_ += static_cast<std::int64_t>(records.size());
  }

  std::vector<payload_ptr> take() override {
    auto out = std::make_shared<fold_payload<std::int64_t>>();
    if (count_ != 0)
      out->value = count_;
    return {std::move(out)};
  }

private:
  std::int64_t count_ = 0;
};

/// Downstream half of `count()`: exactly one element, 0 for an empty batch.
class count_reader final : public exchange_reader {
public:
  explicit count_reader(consumer<std::int64_t>& down);
  bool read(batch_context& context, const exchange_input& input) override;

private:
  consumer<std::int64_t>& down_;
};

} // namespace millrace
