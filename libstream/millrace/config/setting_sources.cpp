#include "millrace/config/setting_sources.hpp"

#include "millrace/config/options.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <toml++/toml.h>

namespace millrace {

namespace {

using std::string_view_literals::operator""sv;

constexpr std::array special_arguments{"master"sv, "set"sv, "conf"sv, "config"sv, "explain"sv};

bool is_special(std::string_view name) {
  return std::find(special_arguments.begin(), special_arguments.end(), name) !=
         special_arguments.end();
}

/// Takes arguments apart one by one; made for one call of `read_arguments`.
class argument_reader {
public:
  explicit argument_reader(const std::vector<std::string>& arguments) : arguments_{arguments} {}

  result<argument_settings> run() {
    while (at_ < arguments_.size()) {
      const std::string_view argument = arguments_[at_++];
      if (argument == "--") {
        found_.positional.insert(found_.positional.end(),
                                 arguments_.begin() + static_cast<std::ptrdiff_t>(at_),
                                 arguments_.end());
        break;
      }
      if (!argument.starts_with('-') || argument == "-")
        found_.positional.emplace_back(argument);
      else if (auto done = read_option(argument); !done)
        return tl::make_unexpected(std::move(done).error());
    }
    return std::move(found_);
  }

private:
  result<void> read_option(std::string_view argument) {
    const auto equals = argument.find('=');
    const auto spelled = argument.substr(0, equals);
    const auto name = spelled.starts_with("--") ? spelled.substr(2) : std::string_view{};
    if (!is_special(name) && !find_option(name))
      return fail(errc::invalid_argument,
                  fmt::format("argument {}: unknown option{}", spelled, suggest(spelled)));
    std::string_view value;
    if (equals != std::string_view::npos) {
      value = argument.substr(equals + 1);
    } else if (name == "explain") {
      // What follows is another argument: a form is written behind an equals sign only.
      value = "text";
    } else if (at_ < arguments_.size() && !arguments_[at_].starts_with("--")) {
      value = arguments_[at_++];
    } else {
      return fail(errc::invalid_argument,
                  fmt::format("argument {}: a value must follow, as in {} VALUE or {}=VALUE",
                              spelled, spelled, spelled));
    }
    return take(name, value, fmt::format("argument {}", spelled));
  }

  result<void> take(std::string_view name, std::string_view value, std::string origin) {
    if (name == "config") {
      found_.config_file = std::string{value};
      return {};
    }
    if (name == "explain")
      name = "app.explain";
    if (name == "set" || name == "conf") {
      const auto equals = value.find('=');
      if (equals == std::string_view::npos)
        return fail(errc::invalid_argument,
                    fmt::format("{}: '{}' is not of the form key=value", origin, value));
      name = value.substr(0, equals);
      value = value.substr(equals + 1);
      origin += fmt::format(" {}", name);
      if (!find_option(name))
        return fail(errc::invalid_argument,
                    fmt::format("{}: unknown option '{}'{}", origin, name, suggest_key(name)));
    }
    found_.settings.push_back({*find_option(name), std::string{value}, std::move(origin)});
    return {};
  }

  static std::string suggest(std::string_view spelled) {
    const auto name = spelled.substr(std::min(spelled.find_first_not_of('-'), spelled.size()));
    if (const auto special = nearest(name, special_arguments); !special.empty())
      return fmt::format("; did you mean '--{}'?", special);
    if (auto key = suggest_key(name); !key.empty())
      return key.replace(key.find('\'') + 1, 0, "--");
    return "; write -- before arguments of the program that begin with a dash";
  }

  const std::vector<std::string>& arguments_;
  std::size_t at_ = 0;
  argument_settings found_;
};

/// Collects the leaves of a TOML document.
class toml_reader {
public:
  explicit toml_reader(std::string_view path) : path_{path} {}

  result<std::vector<raw_setting>> run(std::string_view text) {
    try {
      const auto document = toml::parse(text, path_);
      if (auto done = read_table(document, ""); !done)
        return tl::make_unexpected(std::move(done).error());
    } catch (const toml::parse_error& e) {
      return fail(errc::invalid_argument, fmt::format("{}:{}: not valid TOML: {}", path_,
                                                      e.source().begin.line, e.description()));
    }
    return std::move(found_);
  }

private:
  result<void> read_table(const toml::table& table, const std::string& prefix) {
    for (const auto& [name, node] : table) {
      const auto key = prefix + std::string{name.str()};
      auto done = node.is_table() ? read_table(*node.as_table(), key + ".") : read_leaf(key, node);
      if (!done)
        return done;
    }
    return {};
  }

  result<void> read_leaf(const std::string& key, const toml::node& node) {
    auto origin = fmt::format("{}:{}", path_, node.source().begin.line);
    const auto index = find_option(key);
    if (!index)
      return fail(errc::invalid_argument,
                  fmt::format("{}: unknown option '{}'{}", origin, key, suggest_key(key)));
    const auto twice = std::find_if(found_.begin(), found_.end(),
                                    [&](const raw_setting& s) { return s.option_index == *index; });
    if (twice != found_.end())
      return fail(errc::invalid_argument,
                  fmt::format("{}: option '{}' is set already at {}", origin,
                              all_options()[*index].key, twice->origin));
    auto text = leaf_text(node);
    if (!text)
      return fail(
          errc::invalid_argument,
          fmt::format("{}: option '{}' must be text, a number or true or false", origin, key));
    found_.push_back({*index, std::move(*text), std::move(origin)});
    return {};
  }

  static std::optional<std::string> leaf_text(const toml::node& node) {
    if (const auto* text = node.as_string())
      return text->get();
    if (const auto* number = node.as_integer())
      return fmt::format("{}", number->get());
    if (const auto* real = node.as_floating_point())
      return fmt::format("{}", real->get());
    if (const auto* flag = node.as_boolean())
      return flag->get() ? "true" : "false";
    return std::nullopt;
  }

  std::string path_;
  std::vector<raw_setting> found_;
};

} // namespace

result<argument_settings> read_arguments(const std::vector<std::string>& arguments) {
  return argument_reader{arguments}.run();
}

result<std::vector<raw_setting>>
read_environment(const std::map<std::string, std::string>& environment) {
  constexpr std::string_view prefix = "MILLRACE_";
  const auto options = all_options();
  std::vector<std::string> names(options.size());
  std::transform(options.begin(), options.end(), names.begin(), environment_name);
  std::vector<raw_setting> found;
  for (const auto& [name, text] : environment) {
    if (!name.starts_with(prefix) || name == "MILLRACE_SEED")
      continue;
    auto origin = fmt::format("environment variable {}", name);
    const auto it = std::find(names.begin(), names.end(), name);
    if (it == names.end()) {
      const std::vector<std::string_view> candidates(names.begin(), names.end());
      const auto best = nearest(name, candidates);
      return fail(errc::invalid_argument,
                  fmt::format("{}: no option has this name{}", origin,
                              best.empty() ? "" : fmt::format("; did you mean '{}'?", best)));
    }
    found.push_back({static_cast<std::size_t>(it - names.begin()), text, std::move(origin)});
  }
  return found;
}

result<std::vector<raw_setting>> read_toml(std::string_view text, std::string_view path) {
  return toml_reader{path}.run(text);
}

} // namespace millrace
