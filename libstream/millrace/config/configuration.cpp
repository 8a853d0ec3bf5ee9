#include "millrace/config/configuration.hpp"

#include "millrace/config/setting_sources.hpp"
#include "millrace/config/units.hpp"
#include "millrace/io/file_system.hpp"
#include "millrace/io/posix_file_system.hpp"

#include <unistd.h>

#include <fmt/format.h>

namespace millrace {

namespace {

/// A configuration file is short; a path to something else must not fill the memory.
constexpr std::uint64_t max_file_bytes = 1'048'576;

std::size_t index_of(std::string_view key) {
  if (const auto index = find_option(key))
    return *index;
  throw stream_error{errc::invalid_argument,
                     fmt::format("configuration: unknown option '{}'{}", key, suggest_key(key))};
}

std::string_view type_name(option_type type) {
  switch (type) {
  case option_type::text:
  case option_type::choice:
  case option_type::master:
    return "text";
  case option_type::integer:
    return "an integer";
  case option_type::real:
    return "a real number";
  case option_type::boolean:
    return "a boolean";
  case option_type::duration:
    return "a duration";
  case option_type::size:
    return "a size in bytes";
  }
  return "unknown";
}

result<std::string> read_config_file(const load_request& request, const std::string& path) {
  if (!request.files)
    return fail(errc::invalid_argument, "argument --config: files cannot be read here");
  const auto content = request.files->read_file(path, max_file_bytes);
  if (!content)
    return fail(errc::invalid_argument,
                fmt::format("argument --config: {}", content.error().message));
  return std::string{content->begin(), content->end()};
}

} // namespace

load_request load_request::of_process(std::vector<std::string> args) {
  load_request request;
  request.args = std::move(args);
  request.files = std::make_shared<posix_file_system>();
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    const std::string_view text{*variable};
    if (const auto equals = text.find('='); equals != std::string_view::npos)
      request.environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return request;
}

configuration::configuration(const configuration& other) = default;
configuration::configuration(configuration&& other) noexcept = default;
configuration& configuration::operator=(const configuration& other) = default;
configuration& configuration::operator=(configuration&& other) noexcept = default;
configuration::~configuration() = default;

configuration::configuration() {
  entries_.reserve(all_options().size());
  for (const auto& o : all_options()) {
    auto value = parse_option_value(o, o.default_text);
    if (!value)
      throw stream_error{errc::internal, value.error().message};
    entries_.push_back({std::move(*value), {}});
  }
}

configuration configuration::defaults() { return {}; }

configuration configuration::from_args(int argc, const char* const* argv) {
  std::vector<std::string> args;
  for (int i = 1; i < argc; ++i)
    args.emplace_back(argv[i]);
  auto loaded = load(load_request::of_process(std::move(args)));
  if (!loaded)
    throw stream_error{std::move(loaded).error()};
  return std::move(*loaded);
}

result<configuration> configuration::load(const load_request& request) {
  auto arguments = read_arguments(request.args);
  if (!arguments)
    return tl::make_unexpected(std::move(arguments).error());
  auto toml = request.toml_text;
  auto path = request.toml_path;
  if (arguments->config_file) {
    path = *arguments->config_file;
    auto content = read_config_file(request, path);
    if (!content)
      return tl::make_unexpected(std::move(content).error());
    toml = std::move(*content);
  }
  auto from_file = read_toml(toml, path);
  if (!from_file)
    return tl::make_unexpected(std::move(from_file).error());
  auto from_environment = read_environment(request.environment);
  if (!from_environment)
    return tl::make_unexpected(std::move(from_environment).error());

  configuration loaded;
  for (const auto* source : {&*from_file, &*from_environment, &arguments->settings})
    for (const auto& setting : *source)
      if (auto done = loaded.assign(setting.option_index, setting.text, setting.origin); !done)
        return tl::make_unexpected(std::move(done).error());
  loaded.args_ = std::move(arguments->positional);
  return loaded;
}

configuration& configuration::set(std::string_view key, std::string_view value) {
  if (auto done = assign(index_of(key), value, "code"); !done)
    throw stream_error{std::move(done).error()};
  return *this;
}

configuration& configuration::set(std::string_view key, const char* value) {
  return set(key, std::string_view{value});
}

configuration& configuration::set(std::string_view key, bool value) {
  return set(key, std::string_view{value ? "true" : "false"});
}

configuration& configuration::set(std::string_view key, duration value) {
  return set(key, std::string_view{format_duration(value)});
}

configuration& configuration::set(std::string_view key, double value) {
  return set(key, std::string_view{fmt::format("{}", value)});
}

result<void> configuration::assign(std::size_t index, std::string_view text,
                                   std::string_view origin) {
  auto value = parse_option_value(all_options()[index], text);
  if (!value)
    return fail(value.error().code, fmt::format("{}: {}", origin, value.error().message));
  entries_[index] = {std::move(*value), std::string{origin}};
  return {};
}

template <class Stored>
const Stored& configuration::read(std::string_view key, option_type type) const {
  const auto index = index_of(key);
  const auto& o = all_options()[index];
  if (o.type != type)
    throw stream_error{errc::invalid_argument,
                       fmt::format("configuration: option '{}' is {}, not {}", o.key,
                                   type_name(o.type), type_name(type))};
  return std::get<Stored>(entries_[index].value);
}

master_spec configuration::master() const {
  return parse_master(read<std::string>("master", option_type::master)).value();
}

std::string configuration::text(std::string_view key) const {
  const auto index = index_of(key);
  return format_option_value(all_options()[index], entries_[index].value);
}

std::int64_t configuration::integer(std::string_view key) const {
  return read<std::int64_t>(key, option_type::integer);
}

double configuration::real(std::string_view key) const {
  return read<double>(key, option_type::real);
}

bool configuration::boolean(std::string_view key) const {
  return read<bool>(key, option_type::boolean);
}

duration configuration::get_duration(std::string_view key) const {
  return duration{read<std::int64_t>(key, option_type::duration)};
}

std::uint64_t configuration::bytes(std::string_view key) const {
  return static_cast<std::uint64_t>(read<std::int64_t>(key, option_type::size));
}

bool configuration::has(std::string_view key) noexcept { return find_option(key).has_value(); }

bool configuration::explicitly_set(std::string_view key) const {
  return !entries_[index_of(key)].origin.empty();
}

std::vector<explained_option> configuration::explain() const {
  const auto options = all_options();
  std::vector<explained_option> explained;
  explained.reserve(options.size());
  for (std::size_t i = 0; i < options.size(); ++i)
    explained.push_back({std::string{options[i].key},
                         format_option_value(options[i], entries_[i].value),
                         entries_[i].origin.empty() ? "default" : entries_[i].origin});
  return explained;
}

} // namespace millrace
