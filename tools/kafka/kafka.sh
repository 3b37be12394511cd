#!/usr/bin/env bash
# A real Apache Kafka on this machine, of one node, for tests. Needs Java 17 and Maven; the jars are fetched once.
#
#   kafka.sh start   [DIR] [PORT]   start it, unless it runs, and wait until it answers
#   kafka.sh stop    [DIR] [PORT]   stop it cleanly
#   kafka.sh kill    [DIR] [PORT]   kill -9
#   kafka.sh restart [DIR] [PORT]   stop (or what is left of it) and start, on the same data
#   kafka.sh clean   [DIR] [PORT]   kill it and remove its data
#   kafka.sh secure  [DIR] [PORT]   print its listener with TLS and logins, and the file of the authority that signs it
#   kafka.sh topics  [DIR] [PORT] ARGUMENTS...   what kafka-topics.sh does
#
# DIR is .kafka in the checkout unless given, PORT 9092; PORT+1 and PORT+2 are taken too. The broker allows sessions as short as
# a second, so that tests of dying members are quick. Whoever comes to PORT may do everything. On PORT+2 it speaks TLS and wants a
# login, PLAIN (user ann, password "a secret of ann") or SCRAM (users made by whoever wants them), and grants what ACLs say.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
verb=${1:-}
dir=${2:-$here/../../.kafka}
port=${3:-9092}
controller=$((port + 1)) secure=$((port + 2))
[[ $port =~ ^[0-9]+$ ]] || { echo "kafka.sh: port $port: want a number" >&2; exit 2; }

storepass=of-no-secret

say() { echo "kafka.sh: $*" >&2; }

# pid prints the number of the broker's process, if it runs.
pid() {
  local p
  p=$(cat "$dir/pid" 2>/dev/null) || return 1
  kill -0 "$p" 2>/dev/null && tr '\0' ' ' <"/proc/$p/cmdline" 2>/dev/null | grep -q 'kafka\.Kafka' || return 1
  echo "$p"
}

# answers: the broker takes connections. It opens its port once it has recovered its log.
answers() { (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; }

jars() {
  [[ -f $dir/libs/.complete && $dir/libs/.complete -nt $here/pom.xml ]] && return
  command -v java >/dev/null || { say "needs Java 17 or newer"; exit 1; }
  command -v mvn >/dev/null || { say "needs Maven, to fetch Kafka's jars"; exit 1; }
  rm -rf "$dir/libs"
  mkdir -p "$dir"
  mvn -q -B -f "$here/pom.xml" dependency:copy-dependencies -DoutputDirectory="$dir/libs" >"$dir/mvn.log" 2>&1 ||
    { say "fetching Kafka's jars: $(tail -n 5 "$dir/mvn.log")"; exit 1; }
  touch "$dir/libs/.complete"
}

run() { java -Xmx256m -XX:TieredStopAtLevel=1 "-Dlog4j2.configurationFile=$dir/log4j2.properties" -cp "$dir/libs/*" "$@"; }

# certificate makes what the broker shows on its TLS listener. It is its own authority.
certificate() {
  [[ -f $dir/tls/ca.pem ]] && return
  mkdir -p "$dir/tls"
  local store=(-keystore "$dir/tls/broker.p12" -storetype PKCS12 -storepass "$storepass" -alias broker)
  rm -f "$dir/tls/broker.p12"
  { keytool -genkeypair "${store[@]}" -keyalg EC -groupname secp256r1 -validity 3650 -dname CN=localhost -ext san=dns:localhost,ip:127.0.0.1 -ext bc:c=ca:true &&
    keytool -exportcert -rfc "${store[@]}" -file "$dir/tls/made.pem" && mv "$dir/tls/made.pem" "$dir/tls/ca.pem"; } >"$dir/tls/log" 2>&1 ||
    { say "making the broker's certificate: $(tail -n 5 "$dir/tls/log")"; exit 1; }
}

configure() {
  cat >"$dir/log4j2.properties" <<LOG
status=error
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d %p %c{1}: %m%n
rootLogger.level=warn
rootLogger.appenderRef.out.ref=out
LOG
  cat >"$dir/server.properties" <<PROPERTIES
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:$controller
listeners=PLAINTEXT://127.0.0.1:$port,SASL_SSL://127.0.0.1:$secure,CONTROLLER://127.0.0.1:$controller
advertised.listeners=PLAINTEXT://127.0.0.1:$port,SASL_SSL://127.0.0.1:$secure,CONTROLLER://127.0.0.1:$controller
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
controller.listener.names=CONTROLLER
ssl.keystore.location=$dir/tls/broker.p12
ssl.keystore.type=PKCS12
ssl.keystore.password=$storepass
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
listener.name.sasl_ssl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_ann="a secret of ann";
listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
log.dirs=$dir/data
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=8
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=8
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=300
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
group.consumer.session.timeout.ms=3000
group.consumer.min.session.timeout.ms=3000
group.consumer.heartbeat.interval.ms=300
group.consumer.min.heartbeat.interval.ms=300
PROPERTIES
  if [[ ! -f $dir/data/meta.properties ]]; then
    local id
    id=$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=')
    id=A${id:1} # one that begins with a hyphen would be taken for an option: one in 64
    run kafka.tools.StorageTool format --standalone -t "$id" -c "$dir/server.properties" >"$dir/format.log" 2>&1 ||
      { say "preparing the data directory: $(tail -n 5 "$dir/format.log")"; exit 1; }
  fi
}

start() {
  if pid >/dev/null && answers; then
    echo "Kafka runs at 127.0.0.1:$port (process $(pid), data in $dir)"
    return
  fi
  answers && { say "something else answers on port $port; stop it, or give another port"; exit 1; }
  mkdir -p "$dir"
  dir=$(cd "$dir" && pwd)
  jars
  certificate
  configure
  nohup java -Xmx1g "-Dlog4j2.configurationFile=$dir/log4j2.properties" -cp "$dir/libs/*" kafka.Kafka "$dir/server.properties" \
    >>"$dir/kafka.log" 2>&1 </dev/null &
  echo $! >"$dir/pid"
  local tries
  for ((tries = 0; tries < 1800; tries++)); do
    if ! pid >/dev/null && ((tries > 10)); then
      say "Kafka ended at once: $(tail -n 5 "$dir/kafka.log")"
      exit 1
    fi
    if answers && topics --list >/dev/null 2>&1; then
      echo "Kafka $(basename "$dir"/libs/kafka_2.13-*.jar .jar | sed 's/.*-//') at 127.0.0.1:$port (process $(pid), data in $dir)"
      return
    fi
    sleep 0.1
  done
  say "Kafka does not answer after three minutes; see $dir/kafka.log"
  exit 1
}

# end sends signal $1 and waits until the process is gone.
end() {
  local p tries
  p=$(pid) || { rm -f "$dir/pid"; return 0; }
  kill "-$1" "$p"
  for ((tries = 0; tries < 300; tries++)); do
    kill -0 "$p" 2>/dev/null || { rm -f "$dir/pid"; return 0; }
    sleep 0.1
  done
  say "process $p does not end"
  return 1
}

topics() { run org.apache.kafka.tools.TopicCommand --bootstrap-server "127.0.0.1:$port" "$@"; }

case $verb in
start) start ;;
stop) end TERM && echo "Kafka at 127.0.0.1:$port is stopped" ;;
kill) end KILL && echo "Kafka at 127.0.0.1:$port is killed" ;;
restart) end TERM || end KILL; start ;;
clean) end KILL && rm -rf "$dir/data" && echo "Kafka's data in $dir is removed" ;;
secure) echo "127.0.0.1:$secure $(cd "$dir" && pwd)/tls/ca.pem" ;;
topics) shift 3; topics "$@" ;;
*) sed -n '2,15s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
