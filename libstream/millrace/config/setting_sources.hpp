#pragma once

#include "millrace/base/error.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// One value as it was found: not yet checked beyond its key being known. Its origin names the
/// place for people: "job.toml:3", "environment variable MILLRACE_MASTER", "argument --master".
struct raw_setting {
  /// The place of the option in `all_options()`.
  std::size_t option_index = 0;
  std::string text;
  std::string origin;
};

/// What the arguments of a program say.
struct argument_settings {
  std::vector<raw_setting> settings;
  std::vector<std::string> positional;
  /// The FILE of the last `--config FILE`.
  std::optional<std::string> config_file;
};

/// Reads `arguments`, which do not include the program's name. Later ones come later in the answer.
result<argument_settings> read_arguments(const std::vector<std::string>& arguments);

/// Reads the variables whose name begins with MILLRACE_, in the order of names. MILLRACE_SEED
/// belongs to the test programs and is passed over; any other that names no option is an error.
result<std::vector<raw_setting>>
read_environment(const std::map<std::string, std::string>& environment);

/// Reads TOML text; tables nest into dotted keys, so `[stream] block_interval = "1s"` is
/// stream.block_interval. `path` is for messages only. An option set twice, also once by its Spark
/// name, is an error; so are arrays and dates.
result<std::vector<raw_setting>> read_toml(std::string_view text, std::string_view path);

} // namespace millrace
