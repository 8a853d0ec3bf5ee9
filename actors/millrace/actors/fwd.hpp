#pragma once

#include <memory>

/// What headers of actors name and do not look into.
namespace millrace::actors {

class callback_thread;
class completion;
class compute_pool;
class receiver_life;
struct compute_plane;
struct hosted_receiver;
struct ingest_plane;
struct job_environment;

using compute_plane_ptr = std::shared_ptr<compute_plane>;
using environment_ptr = std::shared_ptr<job_environment>;

} // namespace millrace::actors
