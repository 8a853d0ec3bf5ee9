#pragma once

#include "millrace/state/kernel/append_list.hpp"
#include "millrace/state/kernel/touch_mark.hpp"

#include <cstddef>
#include <cstdint>

namespace millrace::detail {

/// What it takes to undo a batch on a store of states: for each key that was there before, what it
/// was before the batch first changed it; for a new key its id alone.
template <class S>
struct undo_log {
  static constexpr std::uint32_t none = 0xffffffffu;

  struct old_state {
    std::uint32_t id;
    std::uint32_t age_ms; // how long before this batch it was last touched; 0: see `touches`
    S value;
  };
  struct old_touch {
    std::uint32_t id;
    touch_mark mark;
  };

  append_list<old_state> states;       // a key is here once
  append_list<old_touch> touches;      // a key is here once, and in `states` only later on
  append_list<std::uint32_t> inserted; // a key is here alone; `none` where adding it failed
  append_list<std::uint32_t> removed;  // as often as the batch removed the key

  template <class F>
  void for_each_inserted(F f) const {
    inserted.for_each([&](std::uint32_t id) {
      if (id != none)
        f(id);
    });
  }

  /// f(id) once for each key that the batch has touched.
  template <class F>
  void for_each_touched(F f) const {
    for_each_inserted(f);
    touches.for_each([&](const old_touch& old) { f(old.id); });
    states.for_each([&](const old_state& old) {
      if (old.age_ms != 0)
        f(old.id);
    });
  }

  /// Forgets all, but keeps as much memory for the next batch as this one used.
  void clear() {
    states.clear();
    touches.clear();
    inserted.clear();
    removed.clear();
  }

  std::size_t memory_bytes() const {
    return states.memory_bytes() + touches.memory_bytes() + inserted.memory_bytes() +
           removed.memory_bytes();
  }
};

} // namespace millrace::detail
