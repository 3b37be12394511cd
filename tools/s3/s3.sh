#!/usr/bin/env bash
# A real S3 server on this machine, for tests: versitygw, which keeps buckets as folders. Needs Go alone; it is built once.
#
#   s3.sh start [DIR] [PORT]   start it, unless it runs, and wait until it answers
#   s3.sh stop  [DIR] [PORT]   stop it
#   s3.sh clean [DIR] [PORT]   stop it and remove its data
#   s3.sh url   [DIR] [PORT]   print its address with its credentials, as PANTHER_TEST_S3 wants it
#
# DIR is .s3 in the checkout unless given, PORT 7070. The credentials are no secret: it listens on this machine only.
set -euo pipefail
version=v1.8.0
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
verb=${1:-}
dir=${2:-$here/../../.s3}
port=${3:-7070}
key=panther secret=panther-secret
[[ $port =~ ^[0-9]+$ ]] || { echo "s3.sh: port $port: want a number" >&2; exit 2; }

say() { echo "s3.sh: $*" >&2; }

# pid prints the number of the server's process, if it runs.
pid() {
  local p
  p=$(cat "$dir/pid" 2>/dev/null) || return 1
  kill -0 "$p" 2>/dev/null && tr '\0' ' ' <"/proc/$p/cmdline" 2>/dev/null | grep -q versitygw || return 1
  echo "$p"
}

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; }

program() {
  [[ $(cat "$dir/version" 2>/dev/null) == "$version" && -x $dir/versitygw ]] && return
  say "building versitygw $version; this takes a minute or two, once"
  GOBIN=$dir GOFLAGS=-mod=mod go install "github.com/versity/versitygw/cmd/versitygw@$version"
  echo "$version" >"$dir/version"
}

start() {
  pid >/dev/null && { say "runs already"; return; }
  mkdir -p "$dir/buckets" "$dir/sidecar"
  dir=$(cd "$dir" && pwd)
  program
  answers && { say "something else listens on port $port"; exit 1; }
  ROOT_ACCESS_KEY=$key ROOT_SECRET_KEY=$secret setsid "$dir/versitygw" --port "127.0.0.1:$port" --quiet posix --sidecar "$dir/sidecar" "$dir/buckets" >"$dir/log" 2>&1 </dev/null &
  echo $! >"$dir/pid"
  for _ in $(seq 150); do
    answers && { say "answers on 127.0.0.1:$port; PANTHER_TEST_S3=$(url)"; return; }
    pid >/dev/null || break
    sleep 0.2
  done
  say "did not start: $(tail -n 5 "$dir/log")"
  exit 1
}

stop() {
  local p
  p=$(pid) || return 0
  kill "$p"
  for _ in $(seq 50); do
    kill -0 "$p" 2>/dev/null || break
    sleep 0.1
  done
  rm -f "$dir/pid"
}

url() { echo "http://$key:$secret@127.0.0.1:$port"; }

case $verb in
start) start ;;
stop) stop ;;
clean) stop && rm -rf "$dir/buckets" "$dir/sidecar" "$dir/pid" "$dir/log" ;;
url) url ;;
*)
  sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
  exit 2
  ;;
esac
