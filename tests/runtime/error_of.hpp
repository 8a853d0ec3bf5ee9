#pragma once

#include "millrace/base/error.hpp"

namespace millrace::test {

/// The stream_error that the call throws; one without words when it throws none.
template <class Call>
error error_of(Call call) {
  try {
    call();
  } catch (const stream_error& e) {
    return e.info();
  }
  return {};
}

} // namespace millrace::test
