#pragma once

#include <cstddef>

namespace millrace::test {

/// How an output of a random graph is had.
enum class output_kind { batches, partitions, collected, printed, text_files, object_files };

inline const char* name_of(output_kind kind) {
  constexpr const char* names[] = {"batches", "partitions", "collected",
                                   "printed", "text files", "object files"};
  return names[static_cast<std::size_t>(kind)];
}

/// An output of a random graph.
struct graph_output {
  std::size_t stream = 0;
  output_kind kind = output_kind::batches;
  std::size_t shown = 10;  ///< At most so many records are printed.
  bool skip_empty = false; ///< Batches without records leave no files.
};

} // namespace millrace::test
