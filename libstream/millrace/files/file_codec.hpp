#pragma once

#include "millrace/codec/codec.hpp"
#include "millrace/files/file_discovery.hpp"

namespace millrace {

template <>
struct codec<found_file> {
  static void encode(encoder& out, const found_file& file);
  static result<found_file> decode(decoder& in);
};

/// The form has a version, so that a later program can tell what it reads.
template <>
struct codec<file_discovery_state> {
  static void encode(encoder& out, const file_discovery_state& state);
  static result<file_discovery_state> decode(decoder& in);
};

} // namespace millrace
