#pragma once

#include <exception>
#include <optional>
#include <string>

namespace millrace {

/// Calls code of the user's; the text of what it threw, or nothing.
template <class Call>
std::optional<std::string> thrown_by(Call&& call) {
  try {
    call();
    return std::nullopt;
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "something that is not a std::exception";
  }
}

} // namespace millrace
