#pragma once

// CAF 0.17.6 wants these before its own headers with newer compilers.
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

#include <caf/fwd.hpp>
#include <caf/replies_to.hpp>

/// As much of CAF as a header needs to name handles of actors and to declare a function that spawns
/// one; who sends or spawns includes caf.hpp.
