#include "millrace/codec/type_name.hpp"

namespace millrace::detail {

std::string type_in(std::string_view pretty_function) {
  // "... [with T = ns::name; std::string = ...]" or "... [T = ns::name]", by compiler.
  pretty_function.remove_prefix(pretty_function.find("T = ") + 4);
  return std::string{pretty_function.substr(0, pretty_function.find_first_of(";]"))};
}

std::string enclosed(const char* before, std::initializer_list<std::string> parts,
                     const char* behind, char between) {
  std::string out = before;
  for (const auto& part : parts) {
    if (&part != parts.begin())
      out += between;
    out += part;
  }
  return out += behind;
}

} // namespace millrace::detail
