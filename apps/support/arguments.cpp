#include "arguments.hpp"

#include "millrace/base/error.hpp"
#include "millrace/config/units.hpp"

#include <cstdlib>
#include <iostream>
#include <string_view>

#include <CLI/CLI.hpp>

namespace millrace::apps {

namespace {

constexpr int exit_usage = 2;

duration read_duration(const std::string& text, duration least) {
  const auto parsed = parse_duration(text);
  if (!parsed)
    throw stream_error{parsed.error()};
  if (*parsed < least)
    throw stream_error{errc::invalid_argument, "'" + text + "' is too short; at least " +
                                                   format_duration(least) + " is needed"};
  return *parsed;
}

/// What the usage shows behind a name: nothing behind one that stands for itself.
std::string value_name(std::string_view name, const char* value) {
  return name.starts_with('-') ? value : "";
}

CLI::Option* required_unless_dashed(CLI::Option* option, std::string_view name) {
  return option->required(!name.starts_with('-'));
}

} // namespace

arguments::arguments(std::string program, std::string about)
    : app_{std::make_unique<CLI::App>(std::move(about), std::move(program))} {}

arguments::~arguments() = default;

void arguments::add(const char* name, duration& to, const char* about, duration least) {
  add(
      name, [&to, least](const std::string& text) { to = read_duration(text, least); }, about,
      to.is_zero() ? "" : format_duration(to));
}

void arguments::add(const char* name, std::uint64_t& to, const char* about, number_range allowed) {
  auto* option = app_->add_option(name, to, about)
                     ->type_name(value_name(name, "N"))
                     ->check(CLI::Range(allowed.least, allowed.most));
  if (!required_unless_dashed(option, name)->get_required())
    option->capture_default_str();
}

void arguments::add(const char* name, std::string& to, const char* about) {
  required_unless_dashed(app_->add_option(name, to, about)->type_name(value_name(name, "TEXT")),
                         name);
}

void arguments::add_choice(const char* name, std::string& to,
                           const std::vector<std::string>& allowed, const char* about) {
  required_unless_dashed(app_->add_option(name, to, about)
                             ->type_name(value_name(name, "NAME"))
                             ->check(CLI::IsMember(allowed)),
                         name);
}

void arguments::add(const char* name, std::function<void(const std::string&)> take,
                    const char* about, const std::string& shown_default) {
  auto guarded = [name = std::string{name}, take = std::move(take)](const std::string& text) {
    try {
      take(text);
    } catch (const stream_error& e) {
      throw CLI::ValidationError(name, e.what());
    }
  };
  auto* option = app_->add_option_function<std::string>(name, guarded, about)
                     ->type_name(value_name(name, "D"));
  required_unless_dashed(option, name)->default_str(shown_default);
}

void arguments::add_flag(const char* name, bool& to, const char* about) {
  app_->add_flag(name, to, about);
}

void arguments::read(int argc, const char* const* argv) {
  try {
    app_->parse(argc, argv);
    finish();
  } catch (const CLI::Success& help) {
    std::exit(app_->exit(help));
  } catch (const CLI::Error& e) {
    refuse(e.what());
  } catch (const stream_error& e) {
    refuse(e.what());
  }
}

void arguments::refuse(const std::string& why) const {
  std::cerr << app_->get_name() << ": " << why << "\n\n" << app_->help();
  std::exit(exit_usage);
}

} // namespace millrace::apps
