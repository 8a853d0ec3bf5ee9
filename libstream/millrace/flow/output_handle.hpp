#pragma once

#include "millrace/flow/graph_builder.hpp"

#include <memory>
#include <source_location>
#include <string>
#include <utility>

namespace millrace {

/// What an output operation such as `print` returns, for what else there is to say of it. A cheap
/// handle; need not be kept.
class output_handle {
  using here = std::source_location;

public:
  output_handle(std::shared_ptr<graph_builder> builder, node_ptr at)
      : builder_{std::move(builder)}, node_{std::move(at)} {}

  /// Names this output in messages, listeners and metrics; before start. What it has committed is
  /// kept under that name, which must be unique among the streams and outputs of the job; see
  /// `dstream::name`.
  const output_handle& name(std::string text, here site = here::current()) const {
    builder_->set_name(*node_->info(), std::move(text), site);
    return *this;
  }

  /// What follows when this output fails for good, whatever the option stream.on_batch_failure
  /// says; before start. `skip`: the batch has failed, which is logged and counted, its other
  /// outputs run, and the job goes on with the next batch. Of several outputs that fail in a batch,
  /// one that stops the job does so. Says nothing of a batch that failed before it came to the
  /// output.
  const output_handle& on_failure(failure_policy policy, here site = here::current()) const {
    builder_->describe_new("on_failure", site);
    node_->settings().on_failure = policy;
    return *this;
  }

private:
  std::shared_ptr<graph_builder> builder_;
  node_ptr node_;
};

} // namespace millrace
