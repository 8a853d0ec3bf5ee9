#include "millrace/chunk/text_arena.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace millrace {

text_arena::text_arena(text_arena&& other) noexcept
    : chunks_(std::exchange(other.chunks_, {})),
      next_(std::exchange(other.next_, nullptr)),
      room_(std::exchange(other.room_, 0)),
      bytes_(std::exchange(other.bytes_, 0)),
      reserved_(std::exchange(other.reserved_, 0)) {}

text_arena& text_arena::operator=(text_arena&& other) noexcept {
  if (this != &other) {
    chunks_ = std::exchange(other.chunks_, {});
    next_ = std::exchange(other.next_, nullptr);
    room_ = std::exchange(other.room_, 0);
    bytes_ = std::exchange(other.bytes_, 0);
    reserved_ = std::exchange(other.reserved_, 0);
  }
  return *this;
}

std::string_view text_arena::store(std::string_view text) {
  char* place;
  if (text.size() > largest_regular_chunk_bytes) {
    place = add_chunk(text.size());
  } else {
    if (text.size() > room_ || next_ == nullptr) {
      next_ = add_chunk(std::max(next_chunk_bytes(), text.size()));
      room_ = chunks_.back().size;
    }
    place = std::exchange(next_, next_ + text.size());
    room_ -= text.size();
  }
  if (!text.empty())
    std::memcpy(place, text.data(), text.size());
  bytes_ += text.size();
  return {place, text.size()};
}

void text_arena::clear() {
  bytes_ = 0;
  if (chunks_.empty())
    return;
  auto largest = std::max_element(chunks_.begin(), chunks_.end(),
                                  [](const chunk& a, const chunk& b) { return a.size < b.size; });
  std::swap(*largest, chunks_.front());
  chunks_.resize(1);
  next_ = chunks_.front().data.get();
  room_ = reserved_ = chunks_.front().size;
}

std::size_t text_arena::next_chunk_bytes() const {
  std::size_t size = first_chunk_bytes;
  while (size < largest_regular_chunk_bytes && size <= reserved_)
    size *= 2;
  return size;
}

char* text_arena::add_chunk(std::size_t size) {
  chunks_.push_back({std::unique_ptr<char[]>(new char[size]), size});
  reserved_ += size;
  return chunks_.back().data.get();
}

} // namespace millrace
