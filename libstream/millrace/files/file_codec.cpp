#include "millrace/files/file_codec.hpp"

#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace millrace {

namespace {

constexpr std::uint64_t state_version = 1;

using file_fields = std::tuple<std::string, std::uint64_t, std::int64_t>;
using batch_fields = std::pair<std::int64_t, std::vector<found_file>>;
using state_fields =
    std::tuple<std::uint64_t, bool, std::int64_t, found_file, std::vector<found_file>,
               std::vector<batch_fields>, std::vector<found_file>>;

} // namespace

void codec<found_file>::encode(encoder& out, const found_file& file) {
  codec<file_fields>::encode(out, {file.path, file.size, file.modified_ms});
}

result<found_file> codec<found_file>::decode(decoder& in) {
  return codec<file_fields>::decode(in).map([](file_fields&& fields) {
    auto& [path, size, modified_ms] = fields;
    return found_file{std::move(path), size, modified_ms};
  });
}

void codec<file_discovery_state>::encode(encoder& out, const file_discovery_state& state) {
  std::vector<batch_fields> batches;
  for (auto& [time, files] : state.batches)
    batches.emplace_back(time.ms(), files);
  codec<state_fields>::encode(out, {state_version, state.started, state.last.ms(), state.floor,
                                    state.read, std::move(batches), state.waiting});
}

result<file_discovery_state> codec<file_discovery_state>::decode(decoder& in) {
  auto fields = codec<state_fields>::decode(in);
  if (!fields)
    return tl::unexpected{std::move(fields).error()};
  auto& [version, started, last, floor, read, batches, waiting] = *fields;
  if (version != state_version)
    return fail(errc::unsupported, "the position of a file stream has version " +
                                       std::to_string(version) + ", this program reads version " +
                                       std::to_string(state_version));
  file_discovery_state state{started, batch_time{last},  std::move(floor), std::move(read),
                             {},      std::move(waiting)};
  for (auto& [time, files] : batches)
    state.batches.emplace_back(batch_time{time}, std::move(files));
  return state;
}

} // namespace millrace
