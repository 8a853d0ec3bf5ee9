#include "millrace/chunk/keyed_table.hpp"

#include "millrace/base/error.hpp"

#include <string>

namespace millrace::detail {

void throw_table_full(std::size_t most) {
  throw stream_error(errc::limit_exceeded, "a keyed table is full: it may hold " +
                                               std::to_string(most) +
                                               " keys; use more partitions or expire keys");
}

} // namespace millrace::detail
