#pragma once

#include "millrace/block/block_builder.hpp"
#include "millrace/chunk/contains_view.hpp"
#include "millrace/intake/intake.hpp"
#include "millrace/intake/producer_slot.hpp"

#include <memory>
#include <utility>
#include <vector>

namespace millrace {

/// The intake for records of type T.
template <class T>
class typed_intake final : public intake {
  static_assert(!contains_view_v<T>,
                "records of a receiver outlive the call that stores them and must own their text");

public:
  explicit typed_intake(intake_options options)
      : intake{options}, open_{typed_block_builder<T>{options.max_block_bytes}}, slot_{open_} {}

  /// Stores one record. No lock and no allocation of its own for a record; waits for rate permits
  /// and, when a block is complete, for room. False: stopped, not stored.
  bool store(T record) {
    for (std::size_t granted = 0;;) {
      {
        typename producer_slot<open_records>::holder open{slot_};
        if (this->stopped())
          return false;
        open->permits += granted;
        if (open->permits != 0) {
          --open->permits;
          add(*open, std::move(record));
          return true;
        }
      }
      // Without the slot, so that a wait keeps nobody from cutting.
      granted = this->permits(64);
      if (granted == 0)
        return false;
    }
  }

  /// Stores all records as one block, or none (false: stopped). The receipt, if any, is for them.
  bool store(std::vector<T> records, std::shared_ptr<store_receipt> receipt = nullptr) {
    for (std::size_t left = records.size(); left != 0;) {
      std::size_t granted = this->permits(left);
      if (granted == 0)
        return false;
      left -= std::min(granted, left);
    }
    typename producer_slot<open_records>::holder open{slot_};
    if (this->stopped())
      return false;
    this->push(open->builder.add(std::move(records)), true, std::move(receipt));
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

  void add(open_records& open, T record) {
    if (auto full = open.builder.add(std::move(record)))
      this->push({std::move(full)}, true);
    if (cut_wanted_.load(std::memory_order_relaxed))
      cut_open(open);
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
