#pragma once

#include "millrace/base/error.hpp"

#include <string>
#include <system_error>
#include <thread>
#include <utility>

namespace millrace::actors {

/// A thread that runs `body`. Throws stream_error(limit_exceeded) that names `what` when the system
/// has none to give.
template <class Body>
std::thread make_thread(const std::string& what, Body&& body) {
  try {
    return std::thread{std::forward<Body>(body)};
  } catch (const std::system_error& e) {
    throw stream_error{errc::limit_exceeded,
                       "the system has no thread for " + what + ": " + e.what() +
                           "; use fewer (option master), or allow the process more"};
  }
}

} // namespace millrace::actors
