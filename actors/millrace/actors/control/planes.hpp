#pragma once

#include "millrace/actors/protocol/actors.hpp"
#include "millrace/actors/system/caf.hpp"
#include "millrace/base/ids.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

/// The actors of a job in groups that live and end together. An actor is given the handles that it
/// needs when it is spawned, or by a message when they belong to a plane that may be made anew.
namespace millrace::actors {

/// Lives as long as the job.
struct control_plane {
  batch_clock_actor clock;
  job_driver_actor driver;
};

/// Receivers and what stores their blocks: goes on while compute planes come and go.
struct ingest_plane {
  std::map<stream_id, block_generator_actor> generators;
  std::map<stream_id, receiver_supervisor_actor> supervisors;
};

/// Stages and outputs with all that they keep. Its actors hold it and it holds them: whoever ends
/// it clears it. Filled before any of its actors gets a message, and not changed until then.
struct compute_plane {
  /// Of the planes of a job, one after the other, from 1.
  std::uint64_t epoch = 1;
  std::vector<std::vector<stage_actor>> stages; ///< By head of a chain; none for followers.
  sink_writer_actor sink;
};

using compute_plane_ptr = std::shared_ptr<compute_plane>;

struct job_planes {
  control_plane control;
  std::shared_ptr<ingest_plane> ingest = std::make_shared<ingest_plane>();
  compute_plane_ptr compute = std::make_shared<compute_plane>();
};

} // namespace millrace::actors
