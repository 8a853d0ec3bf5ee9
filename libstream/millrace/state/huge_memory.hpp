#pragma once

#include <cstddef>

namespace millrace::detail {

/// Memory in whole pages of 2 MiB, which the kernel is asked to map as such ("transparent huge
/// pages"): what is read at random from far more memory than the processor remembers the mapping of
/// costs half of what it does in pages of 4 KiB. Where the system has none, it is common memory.
///
/// Zero-filled, aligned to a page; sizes are rounded up to whole pages. Any thread. Throws
/// std::bad_alloc.
inline constexpr std::size_t huge_page = std::size_t{2} << 20;

void* allocate_huge(std::size_t bytes);
/// `bytes` as it was allocated.
void free_huge(void* memory, std::size_t bytes) noexcept;

/// What of it the process holds now.
std::size_t huge_bytes_held() noexcept;

} // namespace millrace::detail
