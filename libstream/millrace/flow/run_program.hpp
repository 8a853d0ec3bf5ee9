#pragma once

#include "millrace/config/configuration.hpp"

#include <functional>

namespace millrace {

/// What the `main` of a program without arguments of its own is made of: reads the options of the
/// job from the arguments, the environment and the file that `--config` names (see
/// `configuration::from_args`), runs `body` with them, and returns the exit code of the process.
/// That is what `body` returns; 0 after `--help`, which prints the usage; 2 when an option is wrong
/// or an argument is no option, with the reason and the usage on standard error; and 1 when `body`
/// throws, with the reason there. Throws nothing itself.
int run_program(int argc, const char* const* argv,
                const std::function<int(configuration conf)>& body);

} // namespace millrace
