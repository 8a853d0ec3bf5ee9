#!/usr/bin/env bash
# Installs every Debian package that building, testing and checking Millrace needs: the one list of them.
# Run as root, or as a user with sudo. Does nothing when all are there.
set -euo pipefail

packages=(
  # build
  g++ cmake ninja-build ccache
  # libraries
  libcaf-dev libmsgpack-cxx-dev libboost-dev libspdlog-dev libfmt-dev libabsl-dev
  libtomlplusplus-dev libcli11-dev libxxhash-dev libexpected-dev
  zlib1g-dev libzstd-dev
  # benchmarks
  nlohmann-json3-dev
  # tests
  doctest-dev valgrind libfaketime
  # checks
  git python3 clang-format-16 shellcheck
  # the ThreadSanitizer build of CAF, from Debian's source package
  dpkg-dev ca-certificates
)

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query -W -f='${db:Status-Abbrev}' "$package" 2>/dev/null || true)
  [[ $status == ii* ]] || missing+=("$package")
done
if ((${#missing[@]} == 0)); then
  echo "install-deps: all ${#packages[@]} packages are installed"
  exit 0
fi

as_root=()
if ((EUID != 0)); then
  if ! command -v sudo >/dev/null; then
    echo "install-deps: missing: ${missing[*]}" >&2
    echo "install-deps: run this script as root, or install sudo" >&2
    exit 1
  fi
  as_root=(sudo)
fi

echo "install-deps: installing ${missing[*]}"
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q update
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get -q install -y --no-install-recommends "${missing[@]}"
