#pragma once

#include "millrace/block/block_builder.hpp"
#include "millrace/intake/intake.hpp"
#include "millrace/intake/producer_slot.hpp"

#include <utility>

namespace millrace {

/// The intake for records of type T.
template <class T>
class typed_intake final : public intake {
public:
  explicit typed_intake(intake_options options)
      : intake{options}, open_{typed_block_builder<T>{options.max_block_bytes}}, slot_{open_} {}

  /// Stores one record. No lock and no allocation of its own for a record; waits for rate permits
  /// and, when a block is complete, for room. False: stopped, not stored.
  bool store(T record) {
    typename producer_slot<open_records>::holder open{slot_};
    if (this->stopped() || !pay(*open))
      return false;
    if (auto full = open->builder.add(std::move(record)))
      this->push({std::move(full)}, true);
    if (cut_wanted_.load(std::memory_order_relaxed))
      cut_open(*open);
    return true;
  }

  /// Stores all records as one block, or none (false: stopped).
  bool store(std::vector<T> records) {
    typename producer_slot<open_records>::holder open{slot_};
    if (this->stopped())
      return false;
    for (std::size_t left = records.size(); left != 0;) {
      std::size_t granted = this->permits(left);
      if (granted == 0)
        return false;
      left -= std::min(granted, left);
    }
    this->push(open->builder.add(std::move(records)), true);
    return true;
  }

  void cut() override {
    if (this->stopped()) {
      typename producer_slot<open_records>::holder open{slot_};
      cut_open(*open);
      return;
    }
    cut_wanted_.store(true, std::memory_order_relaxed);
    if (auto* open = slot_.try_take()) {
      cut_open(*open);
      slot_.give_back(open);
    }
  }

private:
  struct open_records {
    typed_block_builder<T> builder;
    std::size_t permits = 0;
  };

  bool pay(open_records& open) {
    if (open.permits == 0)
      open.permits = this->permits(64);
    if (open.permits == 0)
      return false;
    --open.permits;
    return true;
  }

  void cut_open(open_records& open) {
    cut_wanted_.store(false, std::memory_order_relaxed);
    if (auto block = open.builder.cut())
      this->push({std::move(block)}, false);
  }

  open_records open_;
  producer_slot<open_records> slot_;
  std::atomic<bool> cut_wanted_{false};
};

} // namespace millrace
