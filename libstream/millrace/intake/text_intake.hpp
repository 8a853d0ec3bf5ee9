#pragma once

#include "millrace/block/arena.hpp"
#include "millrace/block/block_builder.hpp"
#include "millrace/intake/intake.hpp"
#include "millrace/intake/producer_slot.hpp"

#include <memory>
#include <string_view>

namespace millrace {

/// The intake for text: takes whole pieces that a text_assembler framed in place, or single
/// records, which it copies into an arena of its own.
class text_intake final : public intake {
public:
  explicit text_intake(intake_options options);

  /// Stores the records of a piece without copying their bytes. False: stopped, not stored.
  bool add(text_piece piece);

  /// Stores one record; copies its bytes, allocates nothing for it. False: stopped, not stored.
  bool store(std::string_view record);

  /// Stores all records as one block, or none (false: stopped). The receipt, if any, is for them.
  bool store(const std::vector<std::string_view>& records,
             std::shared_ptr<store_receipt> receipt = nullptr);

  void cut() override;

private:
  struct open_text {
    text_block_builder builder;
    std::shared_ptr<arena> own;
    std::size_t used = 0;
    std::vector<text_slice> slices;
    std::size_t permits = 0;
  };

  /// Calls store(open) once there are permits for so many records. False: stopped.
  template <class Store>
  bool with_permits(std::size_t records, Store store);
  std::vector<block_ptr> flush_singles(open_text& open);
  void cut_open(open_text& open);

  std::shared_ptr<arena_pool> arenas_;
  open_text open_;
  producer_slot<open_text> slot_;
  std::atomic<bool> cut_wanted_{false};
};

} // namespace millrace
