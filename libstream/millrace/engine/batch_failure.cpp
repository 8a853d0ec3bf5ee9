#include "millrace/engine/batch_failure.hpp"

#include <string>

namespace millrace {

result<failure_policy> parse_failure_policy(std::string_view text) {
  if (text == "stop")
    return failure_policy::stop;
  if (text == "skip")
    return failure_policy::skip;
  return fail(errc::invalid_argument, "stream.on_batch_failure is \"" + std::string(text) +
                                          "\"; allowed are stop and skip");
}

} // namespace millrace
