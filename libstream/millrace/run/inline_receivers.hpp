#pragma once

#include "millrace/block/block_store.hpp"
#include "millrace/flow/runtime.hpp"
#include "millrace/run/batch_assembler.hpp"

#include <memory>
#include <vector>

namespace millrace {

/// The receivers of an inline job: starts, restarts and stops them, and moves their blocks into the store.
class inline_receivers {
public:
  inline_receivers(const job& what, const clock& time);
  ~inline_receivers();

  void start();
  void stop();
  /// Does what receivers have asked for and is due, then cuts and stores their blocks; at a full store blocks stay with
  /// the intake.
  void poll(block_store& store, batch_assembler& assembler);

private:
  struct hosted;
  const job& job_;
  const clock& clock_;
  std::vector<std::shared_ptr<hosted>> receivers_;
};

} // namespace millrace
