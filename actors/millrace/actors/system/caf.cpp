#include "millrace/actors/system/caf.hpp"

#include <algorithm>

namespace millrace::actors {

caf_system::caf_system(const scheduler_options& options)
    : config_{std::make_unique<caf::actor_system_config>()} {
  auto threads = options.threads != 0 ? options.threads : std::size_t{1};
  config_->set("scheduler.policy",
               options.policy == "stealing" ? caf::atom("stealing") : caf::atom("sharing"));
  config_->set("scheduler.max-threads", threads);
  config_->set("scheduler.max-throughput", options.max_throughput);
  system_ = std::make_unique<caf::actor_system>(*config_);
}

caf_system::~caf_system() = default;

void caf_system::close() {
  system_.reset();
  config_.reset();
}

void caf_system::leak() noexcept {
  static_cast<void>(system_.release());
  static_cast<void>(config_.release());
}

} // namespace millrace::actors
