#pragma once

#include "millrace/op/consumer.hpp"

#include <utility>
#include <vector>

namespace millrace {

/// Sends each chunk to several consumers, so that a stream with two uses is computed once. All but
/// the last get a copy, because a consumer may move from the records it is given.
template <class T>
class fan_out final : public consumer<T> {
public:
  explicit fan_out(std::vector<consumer<T>*> targets) : targets_{std::move(targets)} {}

  void begin(const batch_context& context) override {
    for (auto* target : targets_)
      target->begin(context);
  }
  void open(partition_order order) override {
    for (auto* target : targets_)
      target->open(order);
  }
  void consume(std::span<T> records) override {
    for (std::size_t i = 0; i + 1 < targets_.size(); ++i) {
      copy_.assign(records.begin(), records.end());
      targets_[i]->consume(copy_);
      copy_.clear();
    }
    targets_.back()->consume(records);
  }
  void close() override {
    for (auto* target : targets_)
      target->close();
  }
  void end() override {
    for (auto* target : targets_)
      target->end();
  }

private:
  std::vector<consumer<T>*> targets_;
  std::vector<T> copy_;
};

} // namespace millrace
