#!/usr/bin/env bash
# How long a newcomer waits: clones the last commit, empties Go's caches, and times `make demo` up to its first alert.
#
#   fresh.sh [FLAGS OF THE DEMO]     default: --for 60s
#
# It downloads every module and compiles everything anew, in a temporary directory that it removes. Needs Go, git and make.
set -euo pipefail
root=$(git -C "$(dirname "${BASH_SOURCE[0]}")" rev-parse --show-toplevel)
flags=${*:---for 60s}
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT

export GOPATH=$work/go GOMODCACHE=$work/go/mod GOCACHE=$work/cache
began=$(date +%s.%N)
since() { awk -v from="$1" -v to="$(date +%s.%N)" 'BEGIN { printf "%.0f", to - from }'; }
git clone -q "$root" "$work/panther"
cd "$work/panther"

demo='' alert=''
while IFS= read -r line; do
  echo "$line"
  if [[ -z $demo && $line == *"Panther Monitor"* ]]; then
    demo=$(date +%s.%N)
    built=$(since "$began")
  elif [[ -n $demo && -z $alert && $line == *ALERT* ]]; then
    alert=1
    first="fresh.sh: clone, download and build $built s; the demo's first alert $(since "$demo") s later; together $(since "$began") s on $(nproc) cores"
  fi
done < <(make demo ARGS="$flags" 2>&1)
[[ -n $alert ]] || { echo "fresh.sh: the demo printed no alert" >&2; exit 1; }
echo "$first"
