#pragma once

#include <memory>

/// What headers of actors name and do not look into.
namespace millrace::actors {

class completion;
class compute_pool;
class receiver_life;
struct job_environment;
struct receiver_link;
struct receiver_parts;

using environment_ptr = std::shared_ptr<job_environment>;
using receiver_parts_ptr = std::shared_ptr<receiver_parts>;

} // namespace millrace::actors
