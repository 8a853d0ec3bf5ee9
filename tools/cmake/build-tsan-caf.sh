#!/usr/bin/env bash
# Builds CAF with ThreadSanitizer into build/tsan-caf, where the tsan preset looks for it, from the upstream part of
# Debian's source package. Debian's binaries are not instrumented, so that TSan sees false races in correct programs.
# Does nothing when the result is there. The system's list of package sources is read, never changed.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
prefix=$root/build/tsan-caf
work=$root/build/tsan-caf.work
jobs=${JOBS:-$(nproc)}

if [[ -f $prefix/complete ]]; then
  echo "build-tsan-caf: $prefix is complete"
  exit 0
fi

# The archive that this machine gets Debian itself from, as "URI SUITE"; Debian's front door if none is found.
debian_archive() {
  local codename file
  # shellcheck source=/dev/null
  codename=$(. /etc/os-release && echo "${VERSION_CODENAME:?}")
  for file in /etc/apt/sources.list.d/*.sources; do
    [[ -f $file ]] || continue
    awk -v suite="$codename" '
      function flush(  i, n, s) {
        n = split(suites, s, " ")
        for (i = 1; i <= n; i++)
          if (types ~ /(^| )deb( |$)/ && s[i] == suite && uri != "" && enabled != "no") print uri, suite
        types = suites = uri = enabled = ""
      }
      /^[ \t]*$/ { flush() }
      /^Types:/ { sub(/^Types:[ \t]*/, ""); types = $0 }
      /^URIs:/ { uri = $2 }
      /^Suites:/ { sub(/^Suites:[ \t]*/, ""); suites = $0 }
      /^Enabled:/ { enabled = $2 }
      END { flush() }' "$file"
  done
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [[ -f $file ]] || continue
    sed -e 's/\[[^]]*\]//' "$file" |
      awk -v suite="$codename" '$1 == "deb" && $3 == suite && / main( |$)/ { print $2, suite }'
  done
  echo "http://deb.debian.org/debian $codename"
}

fetch_source() {
  local uri=$1 suite=$2 package
  package=$(dpkg-query -W -f='${source:Package}' libcaf-dev)
  local apt_dir=$work/apt
  mkdir -p "$apt_dir/lists/partial" "$apt_dir/cache/archives/partial"
  echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $suite main" \
    >"$apt_dir/sources.list"
  local options=(
    -q
    -o "Dir::Etc::sourcelist=$apt_dir/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o "Dir::State::lists=$apt_dir/lists" -o "Dir::Cache=$apt_dir/cache" -o APT::Sandbox::User=root
  )
  apt-get "${options[@]}" update
  # The upstream part only. Debian's patches add a missing #include, which the flags below stand in for.
  (cd "$work" && apt-get "${options[@]}" source --only-source --tar-only "$package")
  mkdir "$work/source"
  tar -xf "$work/$package"_*.orig.tar.* -C "$work/source" --strip-components=1
}

rm -rf "$work" "$prefix"
mkdir -p "$work"
# Taken up to the first line in bash: with `| head -1` the producer could die of SIGPIPE.
archives=$(debian_archive)
read -r uri suite <<<"${archives%%$'\n'*}"
echo "build-tsan-caf: CAF's source from $uri $suite"
fetch_source "$uri" "$suite"

flags="-fsanitize=thread -O1 -g1 -include limits"
launcher=()
if command -v ccache >/dev/null; then
  launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
fi
cmake -S "$work/source" -B "$work/build" -G Ninja -Wno-dev "${launcher[@]}" \
  -DCMAKE_BUILD_TYPE=None "-DCMAKE_CXX_FLAGS=$flags" "-DCMAKE_INSTALL_PREFIX=$prefix" \
  -DCMAKE_INSTALL_LIBDIR=lib -DCAF_NO_TOOLS=ON -DCAF_NO_EXAMPLES=ON -DCAF_NO_UNIT_TESTS=ON \
  -DCAF_NO_OPENSSL=ON -DCAF_NO_OPENCL=ON -DCAF_NO_PYTHON=ON >"$work/configure.log"
echo "build-tsan-caf: building, log in $work/build.log"
cmake --build "$work/build" -j "$jobs" >"$work/build.log" || {
  tail -40 "$work/build.log" >&2
  exit 1
}
cmake --install "$work/build" >"$work/install.log"
rm -rf "$work"
touch "$prefix/complete"
echo "build-tsan-caf: CAF is in $prefix"
