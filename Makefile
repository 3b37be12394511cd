# The commands of the project. `make demo` and `make test` need Go alone; what others need they say.
SHELL := /bin/bash
# A package's tests are given up after so long; ten minutes, which is what Go itself takes, are little on a busy machine.
PATIENCE := 30m
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
DUCKDB := duckdb_arrow
# Without the tag a package of gRPC, which is never used, brings html/template, and that keeps every method of every type: 15 MB.
# Arrow's kernels are there in full whoever imports them; iceberg-go does, for scans of a few files. Not inlined they are 5 MB less.
LEAN := -trimpath -tags grpcnotrace -ldflags='-s -w' -gcflags=github.com/apache/arrow-go/v18/arrow/compute/...=-l

.PHONY: demo test test-query test-reader check lint bench build-query tools kafka kafka-stop s3 s3-stop audit mutants simulation build size fresh

demo: ## see the whole pipeline at work on this machine; ARGS="--for 90s" adds flags
	@go build -o panther ./cmd/panther
	@exec ./panther demo $(ARGS)

test: ## every test that this machine can run; it says which parts are missing
	@PANTHER_QUERY=$${PANTHER_QUERY:-$(wildcard $(CURDIR)/panther-query)} go test -timeout $(PATIENCE) $(ARGS) ./...

test-query: ## the tests of SQL: its gate and its fences (needs a C compiler; the first time downloads 30 MB)
	@go -C cmd/panther-query vet -tags $(DUCKDB) .
	@go -C cmd/panther-query test $(ARGS) -tags $(DUCKDB) ./...

test-reader: ## the lake's files read by an old library that shares no code with ours; it is downloaded the first time
	@go -C sinks/lake/parquetgo vet .
	@go -C sinks/lake/parquetgo test $(ARGS) .

build: ## the program, as ./panther, and where there is a C compiler ./panther-query, which it needs for SQL
	go build $(LEAN) -o panther ./cmd/panther
	@if command -v $$(go env CC) >/dev/null; then $(MAKE) -s build-query; \
	else echo "there is no C compiler ($$(go env CC)), so panther-query is not built; all but panther query works without it"; fi

fresh: ## how long a newcomer waits for the demo's first alert: clones, and downloads and compiles everything anew
	tools/fresh.sh

size: ## the program without DuckDB: its bytes, which have a bound, and the processor time that it takes to start
	@bin=$$(mktemp) && trap 'rm -f $$bin' EXIT && CGO_ENABLED=0 go build $(LEAN) -o $$bin ./cmd/panther && bytes=$$(stat -c %s $$bin) && \
	best=1000 && for i in 1 2 3 4 5 6 7 8 9 10; do \
	spent=$$(TIMEFORMAT='%3U %3S'; { time $$bin help >/dev/null; } 2>&1 | awk '{ printf "%d", ($$1 + $$2) * 1000 }'); \
	[ "$$spent" -ge "$$best" ] || best=$$spent; done && \
	echo "panther has $$bytes bytes, and takes $$best ms of processor time to start" && \
	{ [ "$$bytes" -lt 60000000 ] || { echo "60 MB are too many: see with 'go tool nm -size -sort size' what came in"; exit 1; }; }

build-query: ## ./panther-query, which has DuckDB inside
	CGO_ENABLED=1 go -C cmd/panther-query build -trimpath -ldflags='-s -w' -tags $(DUCKDB) -o $(CURDIR)/panther-query .

PLATFORMS := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64

tools: ## the operator's programs, compact and gluesync, into tools/bin: files that need nothing on the host they are copied to
	@mkdir -p tools/bin && for platform in $(PLATFORMS); do os=$${platform%/*} arch=$${platform#*/} && \
	suffix=$$([ $$os != windows ] || echo .exe) && for tool in compact gluesync; do \
	CGO_ENABLED=0 GOOS=$$os GOARCH=$$arch go build $(LEAN) -o tools/bin/$$tool-$$os-$$arch$$suffix ./cmd/$$tool || exit 1; done; done && ls -l tools/bin

check: ## what must hold before a commit: format, vet, lint, tests with the race detector
	@unformatted=$$(gofmt -l .); [ -z "$$unformatted" ] || { echo "gofmt -w these files: $$unformatted"; exit 1; }
	go vet ./...
	@$(MAKE) -s lint
	go test -race -short -timeout $(PATIENCE) ./...

lint: ## what the linter says; it is downloaded the first time
	go run $(STATICCHECK) ./...

kafka: ## a real Apache Kafka on 127.0.0.1:9092, data in .kafka (needs Java and Maven)
	tools/kafka/kafka.sh start

kafka-stop:
	tools/kafka/kafka.sh stop

s3: ## a real S3 server on 127.0.0.1:7070, data in .s3; PANTHER_TEST_S3=$$(tools/s3/s3.sh url) makes the tests use it
	tools/s3/s3.sh start

s3-stop:
	tools/s3/s3.sh stop

bench: ## benchmarks, as ratios within one run; with PANTHER_TEST_BROKERS=127.0.0.1:9092 also on Kafka
	go test -run '^$$' -bench . -benchtime 100ms ./...
	PANTHER_LADDER='.*' go test -count 1 -run 'Ladder$$|TwoCores$$' -v ./schemas/classify
	cd schemas/classify/simdjson && PANTHER_LADDER='.*' go test -count 1 -run Ladder -v .
	PANTHER_QUERY=$${PANTHER_QUERY:-$(wildcard $(CURDIR)/panther-query)} go -C sinks/lake/query/plain test -run '^$$' -bench . -benchtime 10x .

audit: ## kill everything for a minute on a real Kafka, then count (needs Java and Maven); ARGS="-for 10m" for longer, ARGS="-s3 $$(tools/s3/s3.sh url)" with the lake there
	go run ./tools/audit $(ARGS)

mutants: ## break each rule about clocks, and see its test fail
	PANTHER_MUTANTS=1 go test -run Mutants -timeout 30m -v ./pipeline/clocktest

simulation: ## a thousand runs of writers and maintenance of the lake that crash, sleep and lose answers
	PANTHER_SIMULATIONS=1000 go test -run EveryRowOnceWhateverDies -timeout 30m -v ./sinks/lake
