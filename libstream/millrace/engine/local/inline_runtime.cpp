#include "millrace/engine/local/inline_runtime.hpp"

#include "millrace/engine/job.hpp"

#include <utility>

namespace millrace {

void inline_runtime::start(job what) {
  what.settings.batches = {1, 0};
  run(std::move(what), {});
}

} // namespace millrace
