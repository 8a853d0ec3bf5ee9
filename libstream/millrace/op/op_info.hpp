#pragma once

#include "millrace/base/error.hpp"
#include "millrace/base/source_site.hpp"

#include <exception>
#include <string>

namespace millrace {

/// Who an operator is to the user: its operation, the name given with `name(...)`, and where it was
/// written.
struct op_info {
  std::string operation;
  std::string name;
  source_site site;
};

/// `map "words" at job.cpp:12`.
std::string describe(const op_info& info);

/// Raised when user code throws: the message names the operator, its place in the user's file and
/// what was thrown.
class user_function_error : public stream_error {
public:
  user_function_error(const op_info& info, const std::string& what);
};

namespace detail {
/// Call only inside a catch block: rethrows the current exception as a user_function_error of
/// `info`, unless an operator below has already done so.
[[noreturn]] void rethrow_as_user_error(const op_info& info);
} // namespace detail

/// Runs `body`, which calls user code, so that an exception is blamed on `info`. Costs nothing when
/// nothing is thrown.
template <class Body>
decltype(auto) guarded(const op_info& info, Body&& body) {
  try {
    return body();
  } catch (...) {
    detail::rethrow_as_user_error(info);
  }
}

} // namespace millrace
