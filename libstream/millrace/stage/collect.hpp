#pragma once

#include "millrace/chunk/owned.hpp"
#include "millrace/chunk/text_copy.hpp"
#include "millrace/stage/writer_base.hpp"

#include <algorithm>
#include <limits>

namespace millrace {

/// A partition that a stage partition contributes to an output, apart from its records.
struct collected_part {
  partition_order order; ///< Its place in the order of the stream's elements.
};

/// Puts parts in the order of the stream's elements; those of one place stay as they are.
void sort_parts(std::vector<const collected_part*>& parts);

/// The partitions that one stage partition contributes to an output.
template <class T>
class collect_payload final : public payload {
public:
  struct part : collected_part {
    std::vector<T> items;
  };

  std::size_t records() const override {
    std::size_t n = 0;
    for (auto& p : parts)
      n += p.items.size();
    return n;
  }

  std::vector<part> parts;
};

/// The end of a stage whose stream goes, as a whole, to an output or to an exchange that needs its
/// partitions. Records become `Item`s here, on the stage's own worker: owned values, or, where the
/// next stage works on views, the records themselves with their text copied into memory of the
/// payload, so that it may be kept for long without keeping what the batch came from. (A type whose
/// views are out of reach, see view_access, keeps its batch.)
///
/// With a limit, only the first `limit` records of each lane are kept: all that `print` can need.
template <class T, class Item = owned_t<T>>
class collect_writer final : public writer_base<collect_writer<T, Item>, T> {
public:
  static constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();

  explicit collect_writer(std::size_t limit = no_limit) : limit_{limit} {}

  void clear() {
    out_ = std::make_shared<collect_payload<Item>>();
    open_.clear();
  }

  void opened(partition_order order) {
    auto& lane = lane_at(order.lane);
    lane.part = out_->parts.size();
    out_->parts.emplace_back().order = order;
  }

  void write(partition_order order, std::span<T> records) {
    auto& lane = lane_at(order.lane);
    auto& items = out_->parts[lane.part].items;
    auto n = std::min(records.size(), limit_ - lane.kept);
    lane.kept += n;
    for (auto& record : records.first(n)) {
      if constexpr (std::is_same_v<T, Item>)
        items.push_back(std::move(record));
      else
        items.push_back(to_owned(record));
    }
  }

  std::vector<payload_ptr> take() override {
    if constexpr (contains_view_v<Item>) {
      if constexpr (views_reachable<Item>)
        out_->keep = copy_text();
      else
        this->template keep_inputs<Item>(*out_);
    }
    return {std::move(out_)};
  }

private:
  struct lane_state {
    std::size_t part = 0;
    std::size_t kept = 0;
  };

  std::shared_ptr<const void> copy_text() {
    text_copy copy;
    for_each_view([&](std::string_view& view) { copy.count(view); });
    auto memory = copy.allocate();
    for_each_view([&](std::string_view& view) { copy.move(view); });
    return memory;
  }

  template <class F>
  void for_each_view(F f) {
    for (auto& part : out_->parts)
      for (auto& item : part.items)
        view_access<Item>::each(item, f);
  }

  lane_state& lane_at(std::uint32_t lane) {
    if (open_.size() <= lane)
      open_.resize(lane + 1);
    return open_[lane];
  }

  std::size_t limit_;
  std::shared_ptr<collect_payload<Item>> out_;
  std::vector<lane_state> open_;
};

/// Calls f(part) for each part of all payloads, which must not be null, in the order of the
/// stream's elements.
template <class T, class F>
void for_each_part(const std::vector<payload_ptr>& slots, F f) {
  std::vector<const collected_part*> parts;
  for (auto& slot : slots)
    for (auto& p : static_cast<const collect_payload<T>&>(*slot).parts)
      parts.push_back(&p);
  sort_parts(parts);
  for (auto* p : parts)
    f(static_cast<const typename collect_payload<T>::part&>(*p));
}

/// All partitions of an output in the order of the stream's elements.
template <class T>
std::vector<std::vector<T>> ordered_partitions(const std::vector<payload_ptr>& slots) {
  std::vector<std::vector<T>> out;
  for_each_part<T>(slots, [&](auto& part) { out.push_back(part.items); });
  return out;
}

} // namespace millrace
