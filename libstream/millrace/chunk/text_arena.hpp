#pragma once

#include "millrace/chunk/view_access.hpp"

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace millrace {

/// Append-only bytes with stable addresses: where the text of a batch or the keys of a table lie.
///
/// Single owner while it is written; a finished arena may be shared between threads by
/// `shared_ptr<const text_arena>`. A returned view stays valid until the arena is cleared or
/// destroyed; moving the arena does not invalidate it. Memory comes in chunks of at least 64 KiB,
/// doubling up to 1 MiB; a text longer than that gets a chunk of its own. It grows as far as its
/// caller feeds it: callers bound it by `bytes()`. Throws std::bad_alloc, and is then unchanged.
class text_arena {
public:
  static constexpr std::size_t first_chunk_bytes = 64 * 1024;
  static constexpr std::size_t largest_regular_chunk_bytes = 1024 * 1024;

  text_arena() = default;
  text_arena(text_arena&& other) noexcept;
  text_arena& operator=(text_arena&& other) noexcept;

  /// Copies `text` into the arena, directly behind the text before it when that chunk has room.
  std::string_view store(std::string_view text);

  /// Bytes stored so far.
  std::size_t bytes() const { return bytes_; }
  /// Bytes held from the system, stored or free.
  std::size_t memory_bytes() const { return reserved_; }

  /// Forgets all text and keeps the largest chunk for reuse. All views into the arena become
  /// invalid.
  void clear();

private:
  struct chunk {
    std::unique_ptr<char[]> data;
    std::size_t size;
  };

  std::size_t next_chunk_bytes() const;
  char* add_chunk(std::size_t size);

  std::vector<chunk> chunks_;
  char* next_ = nullptr;
  std::size_t room_ = 0;
  std::size_t bytes_ = 0;
  std::size_t reserved_ = 0;
};

/// Replaces each view inside `value` by a copy in `arena`; see view_access for where views may be.
/// A value without views is left alone. On std::bad_alloc some of the views may have been replaced
/// already.
template <class T>
void intern_views(T& value, text_arena& arena) {
  static_assert(views_reachable<T>,
                "a key of this type holds views that intern_views cannot reach");
  view_access<T>::each(value, [&](std::string_view& view) { view = arena.store(view); });
}

} // namespace millrace
