#include "millrace/sink/print_format.hpp"

namespace millrace {

std::string format_batch(std::int64_t time_ms, const std::vector<std::string>& elements, bool more) {
  const std::string rule(43, '-');
  std::string out = rule + "\nTime: " + std::to_string(time_ms) + " ms\n" + rule + "\n";
  for (auto& element : elements)
    out += element + "\n";
  if (more)
    out += "...\n";
  return out + "\n";
}

} // namespace millrace
