#pragma once

#include "millrace/chunk/contains_view.hpp"
#include "millrace/stage/payload.hpp"

#include <memory>
#include <vector>

namespace millrace {

namespace detail {
/// The inputs of a writer by lane.
class lane_list {
public:
  lane_list();
  ~lane_list();
  [[nodiscard]] std::uint32_t size() const noexcept;
  void add(consumer_ptr lane);
  consumer_base& operator[](std::uint32_t lane) { return *lanes_[lane]; }

private:
  std::vector<consumer_ptr> lanes_;
};
} // namespace detail

/// What writers share: one small consumer per lane that forwards chunks, with its lane's open
/// partition.
///
/// Derived gives `void write(partition_order, std::span<T>)` and may hide `opened` and `closed`.
template <class Derived, class T>
class writer_base : public exchange_writer {
public:
  consumer_base& lane_input(std::uint32_t lane) override {
    while (lanes_.size() <= lane)
      lanes_.add(make_part<lane_consumer>(static_cast<Derived&>(*this), lanes_.size()));
    return lanes_[lane];
  }

  void reset(const batch_context& context) override {
    context_ = &context;
    static_cast<Derived&>(*this).clear();
  }

  void opened(partition_order) {}
  void closed(partition_order) {}

protected:
  const batch_context& context() const { return *context_; }

  /// Keeps the batch's inputs alive in `target`, which is full, when its records, of type R, may
  /// point into them. Without a record there is nothing that could.
  template <class R>
  void keep_inputs(payload& target) const {
    if constexpr (contains_view_v<R>)
      if (target.records() != 0)
        target.keep = context_->inputs;
  }

private:
  class lane_consumer final : public consumer<T> {
  public:
    lane_consumer(Derived& writer, std::uint32_t number) : writer_{writer}, order_{number, 0} {}
    void begin(const batch_context&) override {}
    void open(partition_order order) override {
      order_.index = order.index;
      writer_.opened(order_);
    }
    void consume(std::span<T> records) override { writer_.write(order_, records); }
    void close() override { writer_.closed(order_); }
    void end() override {}

  private:
    Derived& writer_;
    partition_order order_;
  };

  detail::lane_list lanes_;
  const batch_context* context_ = nullptr;
};

} // namespace millrace
