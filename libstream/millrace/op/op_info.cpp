#include "millrace/op/op_info.hpp"

namespace millrace {

std::string describe(const op_info& info) {
  std::string text = info.operation;
  if (!info.name.empty())
    text += " \"" + info.name + "\"";
  return text + " at " + to_string(info.site);
}

user_function_error::user_function_error(const op_info& info, const std::string& what)
    : stream_error{errc::user_function_failed,
                   "the function given to " + describe(info) + " threw: " + what} {}

namespace detail {

void rethrow_as_user_error(const op_info& info) {
  try {
    throw;
  } catch (const user_function_error&) {
    throw;
  } catch (const std::exception& e) {
    throw user_function_error{info, e.what()};
  } catch (...) {
    throw user_function_error{info, "something that is not a std::exception"};
  }
}

} // namespace detail
} // namespace millrace
