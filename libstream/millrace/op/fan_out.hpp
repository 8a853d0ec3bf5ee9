#pragma once

#include "millrace/op/consumer.hpp"

#include <vector>

namespace millrace {

namespace detail {

/// Passes the life cycle of a consumer on to several.
class life_cycle_fan_out {
public:
  explicit life_cycle_fan_out(const std::vector<consumer_base*>& targets) : targets_{targets} {}

  void begin(const batch_context& context) const;
  void open(partition_order order) const;
  void close() const;
  void end() const;

  [[nodiscard]] const std::vector<consumer_base*>& targets() const noexcept { return targets_; }

private:
  std::vector<consumer_base*> targets_;
};

} // namespace detail

/// Sends each chunk to several consumers, so that a stream with two uses is computed once. All but
/// the last get a copy, because a consumer may move from the records it is given. All `targets` are
/// `consumer<T>`.
template <class T>
class fan_out final : public consumer<T> {
public:
  explicit fan_out(const std::vector<consumer_base*>& targets) : to_{targets} {}

  void begin(const batch_context& context) override { to_.begin(context); }
  void open(partition_order order) override { to_.open(order); }
  void consume(std::span<T> records) override {
    auto& targets = to_.targets();
    for (std::size_t i = 0; i + 1 < targets.size(); ++i) {
      copy_.assign(records.begin(), records.end());
      static_cast<consumer<T>*>(targets[i])->consume(copy_);
      copy_.clear();
    }
    static_cast<consumer<T>*>(targets.back())->consume(records);
  }
  void close() override { to_.close(); }
  void end() override { to_.end(); }

private:
  detail::life_cycle_fan_out to_;
  std::vector<T> copy_;
};

} // namespace millrace
