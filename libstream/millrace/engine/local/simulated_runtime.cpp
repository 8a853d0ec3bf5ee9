#include "millrace/engine/local/simulated_runtime.hpp"

#include "millrace/base/random.hpp"
#include "millrace/engine/job.hpp"

#include <memory>
#include <utility>

namespace millrace {

void simulated_runtime::start(job what) {
  auto random = std::make_shared<seeded_random>(seed_);
  run(std::move(what),
      [random](std::size_t n) { return static_cast<std::size_t>(random->below(n)); });
}

} // namespace millrace
