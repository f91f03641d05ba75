# What setup, demo and test share. Sourced, not run.
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit 1
# Tools of this project live inside it, so that other versions elsewhere are left alone.
tools=$root/.tools
target=${CARGO_TARGET_DIR:-$root/target}
export PATH=$tools/bin:$root/npm/node_modules/.bin:$PATH
logs=$target/test-logs
mkdir -p "$logs" "$tools/bin"

started=$SECONDS
steps=0
passed=0
failures=()

clock() { printf '%d:%02d' $((($1) / 60)) $((($1) % 60)); }

# step TITLE COMMAND…: runs the command with its output in a log of its own, and says how it went and how long it took.
step() {
  local title=$1 log began=$SECONDS pid status
  shift
  steps=$((steps + 1))
  log=$logs/$(printf '%02d' "$steps")-$(printf '%s' "$title" | tr -cs 'A-Za-z0-9' '-' | cut -c1-48).log
  if [ -t 1 ]; then
    "$@" >"$log" 2>&1 </dev/null &
    pid=$!
    while kill -0 "$pid" 2>/dev/null; do
      printf '\r\033[K[%2d] %-52s %s  %s' "$steps" "$title" "$(clock $((SECONDS - began)))" "$(tail -n 1 "$log" | tr -d '\r' | cut -c1-50)"
      sleep 0.2
    done
    wait "$pid"
    status=$?
    printf '\r\033[K'
  else
    printf '[%2d] %s ...\n' "$steps" "$title"
    "$@" >"$log" 2>&1 </dev/null
    status=$?
  fi
  if [ "$status" = 0 ]; then
    passed=$((passed + 1))
    printf '[%2d] %-52s ok    %s  (%s in all)\n' "$steps" "$title" "$(clock $((SECONDS - began)))" "$(clock $((SECONDS - started)))"
  else
    failures+=("$title: $log")
    printf '[%2d] %-52s FAILED %s  status %s, %s\n' "$steps" "$title" "$(clock $((SECONDS - began)))" "$status" "$log"
    # What failed may stand far above the end.
    { grep -nE 'FAIL|panicked at|^(error|warning)(\[|:)' "$log" | head -n 30; echo ...; tail -n 30 "$log"; } | cut -c1-400 | sed 's/^/     | /'
  fi
  return "$status"
}

# must TITLE COMMAND…: a step without which nothing further makes sense.
must() {
  step "$@" || {
    echo "$1 failed; nothing further can work without it."
    exit 1
  }
}

# ---- What a machine may lack. Each does nothing, in no time, when it is there. --------------------

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

need_programs() {
  local name lacking=
  for name in "$@"; do command -v "$name" >/dev/null || lacking="$lacking $name"; done
  [ -z "$lacking" ] || { echo "Please install:$lacking"; return 1; }
}

need_wasm_target() {
  if [ -d "$(rustc --print sysroot)/lib/rustlib/wasm32-unknown-unknown/lib" ]; then return; fi
  rustup target add wasm32-unknown-unknown
}

locked_version() { # crate
  awk -v crate="name = \"$1\"" '$0 == crate { getline; gsub(/version = |"/, ""); print; exit }' Cargo.lock
}

# need_cargo_tool PROGRAM VERSION CARGO-INSTALL-ARGUMENTS…: these run for seconds at a time, so they are built quickly rather than well.
need_cargo_tool() {
  local program=$1 version=$2
  shift 2
  if command -v "$program" >/dev/null && "$program" --version 2>/dev/null | head -n 1 | grep -qwF "$version"; then return; fi
  CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_LTO=false CARGO_TARGET_DIR=$tools/target \
    cargo install --root "$tools" --force "$@" --version "$version"
}

need_wasm_bindgen() { # not --locked: its lock file names versions that some mirrors lack
  need_cargo_tool wasm-bindgen "$(locked_version wasm-bindgen)" wasm-bindgen-cli --no-default-features \
    --bin wasm-bindgen --bin wasm-bindgen-test-runner
}

need_wasm_pack() { need_cargo_tool wasm-pack 0.15.1 wasm-pack --locked; }

need_geckodriver() { need_cargo_tool geckodriver 0.37.1 geckodriver --locked; }

need_cargo_deny() { need_cargo_tool cargo-deny 0.20.2 cargo-deny --locked; }

need_cargo_fuzz() { need_cargo_tool cargo-fuzz 0.13.2 cargo-fuzz --locked; }

need_browsers() {
  if command -v chromium >/dev/null && command -v chromedriver >/dev/null && command -v firefox-esr >/dev/null; then return; fi
  as_root apt-get update -q && as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -q --no-install-recommends chromium chromium-driver firefox-esr
}

# By which a person would talk to a socket; without them the tests of that do it themselves.
need_socket_tools() {
  if command -v nc >/dev/null && command -v socat >/dev/null; then return; fi
  as_root apt-get update -q && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends netcat-openbsd socat
}

# need_npm FOLDER: what its package-lock.json says, unless exactly that is there.
need_npm() {
  local want stamp=$1/node_modules/.locked
  want=$(sha256sum <"$1/package-lock.json")
  if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ]; then return; fi
  (cd "$1" && npm ci --no-audit --no-fund) && printf '%s\n' "$want" >"$stamp"
}

# ---- What is built the same way for the demo and for the tests ------------------------------------

build_npm() { node npm/build.mjs; }

# The page uses the package as its users get it: out of the tarball.
page_package() {
  local package=www/node_modules/everywire
  rm -rf "$package" && mkdir -p "$package" && tar -xzf npm/everywire-*.tgz -C "$package" --strip-components 1
}

build_page() { need_npm www && page_package && (cd www && npm run build); }

setup_build() {
  must "Rust, Node.js and npm are there" need_programs cargo rustc node npm tar sha256sum
  must "Rust's WebAssembly target" need_wasm_target
  must "wasm-bindgen $(locked_version wasm-bindgen), as in Cargo.lock" need_wasm_bindgen
  must "wasm-pack" need_wasm_pack
  must "npm packages of the build" need_npm npm
}

setup_tests() {
  must "Chromium and Firefox" need_browsers
  must "geckodriver" need_geckodriver
  must "cargo-deny" need_cargo_deny
  need_socket_tools >"$logs/socket-tools.log" 2>&1 || echo "nc and socat are not here and cannot be installed: $logs/socket-tools.log"
}
