#include "millrace/config/master_spec.hpp"

#include <charconv>
#include <cstdint>

#include <fmt/format.h>

namespace millrace {

namespace {

constexpr std::string_view cluster_scheme = "caf://";

/// The whole of `text` as a decimal number, or nothing usable (false).
bool read_number(std::string_view text, std::uint32_t& number) noexcept {
  const auto* end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, number);
  return code == std::errc{} && stop == end && !text.empty();
}

tl::unexpected<error> refuse_cluster(std::string_view text) {
  auto address = text.substr(cluster_scheme.size());
  const auto colon = address.rfind(':');
  std::uint32_t port = 0;
  if (colon == std::string_view::npos || colon == 0 ||
      !read_number(address.substr(colon + 1), port) || port == 0 || port > 65'535)
    return fail(
        errc::invalid_argument,
        fmt::format("master '{}' does not name a cluster; write caf://host:port with a port "
                    "from 1 to 65535",
                    text));
  return fail(errc::unsupported,
              fmt::format("master '{}' names a cluster, which this version cannot run on yet; use "
                          "local, local[N] or local[*]",
                          text));
}

} // namespace

result<master_spec> parse_master(std::string_view text) {
  constexpr std::string_view prefix = "local[";
  if (text == "local")
    return master_spec{master_kind::local, 1};
  if (text == "local[*]")
    return master_spec{master_kind::local, 0};
  if (text.starts_with(cluster_scheme))
    return refuse_cluster(text);
  if (text.starts_with(prefix) && text.ends_with(']')) {
    const auto inner = text.substr(prefix.size(), text.size() - prefix.size() - 1);
    std::uint32_t threads = 0;
    if (read_number(inner, threads) && threads >= 1 && threads <= master_spec::max_threads)
      return master_spec{master_kind::local, threads};
    return fail(errc::invalid_argument,
                fmt::format("master '{}' asks for '{}' threads; allowed are 1 to {}, or * for one "
                            "for each processor",
                            text, inner, master_spec::max_threads));
  }
  return fail(errc::invalid_argument,
              fmt::format("unknown master '{}'; use local, local[N] or local[*]", text));
}

std::string to_string(const master_spec& spec) {
  if (spec.threads == 0)
    return "local[*]";
  return spec.threads == 1 ? "local" : fmt::format("local[{}]", spec.threads);
}

} // namespace millrace
