# One entry to everything. A fresh machine needs `make demo` or `make test` and nothing before.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
# meson and cffi-gen-src are looked up by name.
export PATH := $(abspath $(BIN)):$(PATH)
SOURCES := $(shell git ls-files -- pyproject.toml '*meson.build' 2>/dev/null)

.DEFAULT_GOAL := help

.PHONY: help
help:  ## this list
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# -- what is installed --------------------------------------------------------------------

$(VENV)/.python: etc/prepare-machine.sh
	@sh etc/prepare-machine.sh $(VENV)
	@touch $@

$(VENV)/.run: $(VENV)/.python constraints.txt $(SOURCES)
	@echo "installing pycwtd into $(VENV) …"
	@$(PIP) install --constraint constraints.txt --upgrade pip
	@$(PIP) install --constraint constraints.txt --group build
	@$(PIP) install --constraint constraints.txt --no-build-isolation --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.run
	@echo "installing the tools of the tests …"
	@$(PIP) install --constraint constraints.txt --group dev
	@touch $@

$(VENV)/.docs: $(VENV)/.run
	@echo "installing what builds the pages …"
	@$(PIP) install --constraint constraints.txt --group docs
	@touch $@

.PHONY: install
install: $(VENV)/.run  ## .venv with everything that runs

# -- what people come for -----------------------------------------------------------------

.PHONY: demo
demo: $(VENV)/.run  ## the main job on real data: a coherence map with its significance
	@$(BIN)/python -m pycwtd_console.demo

.PHONY: demo-elm11
demo-elm11: $(VENV)/.test  ## levels from a simulated ELM11 board, beside the CPU's
	@$(BIN)/python -m pycwtd_drivers.elm11.simulator.demo

.PHONY: demo-fpga
demo-fpga: $(VENV)/.run gateware-tools  ## jobs of a daemon on the simulated gateware: progress, a cut line, a cancel
	@$(BIN)/python fpga_gateware/demo.py

.PHONY: lua32
lua32: build/lua32/lua  ## Lua with 32-bit integers, for the tests of the ELM11's firmware

build/lua32/lua: etc/build-lua32.sh
	@echo "building Lua with 32-bit integers into build/lua32 …"
	@sh etc/build-lua32.sh build/lua32

# Editable installs keep no byte code. Packages as users have them do, and the tests start a
# thousand processes.
.PHONY: bytecode
bytecode: $(VENV)/.run
	@$(BIN)/python -m compileall -q pycwt_mod pycwtd drivers console

.PHONY: test
test: $(VENV)/.test bytecode  ## everything that CI runs: lint, C tests, Python tests
	@$(MAKE) --no-print-directory --jobs 2 --output-sync lint test-kernel
	@$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

.PHONY: test-long
test-long: $(VENV)/.test  ## the variants of tests that take long, 5 minutes
	@$(BIN)/pytest -n 2 --dist loadfile -m long

.PHONY: test-kernel
test-kernel: build/native/build.ninja  ## the C kernel alone, on every instruction set there is
	@meson test -C build/native --quiet --print-errorlogs

build/native/build.ninja: $(VENV)/.run
	@meson setup build/native --reconfigure -Dkernel_only=true >/dev/null
	@touch $@

.PHONY: test-aarch64
test-aarch64: test-kernel  ## the C kernel in an emulated aarch64: the same numbers?
	@sh etc/test-aarch64.sh build/native build/aarch64

.PHONY: gateware-tools
gateware-tools:
	@sh etc/prepare-gateware.sh

GATEWARE_EXAMPLES := 100

.PHONY: test-gateware
test-gateware: $(VENV)/.test build/gateware/.tools gateware-tools  ## the gateware at length: lint, proofs, GATEWARE_EXAMPLES to a property, levels, speed
	@$(BIN)/python fpga_gateware/bench/lint.py
	@PATH="$(abspath build/gateware/tools/bin):$$PATH" $(BIN)/python fpga_gateware/bench/prove.py
	@GATEWARE_EXAMPLES=$(GATEWARE_EXAMPLES) $(BIN)/pytest tests/fpga
	@$(BIN)/python fpga_gateware/bench/core_levels.py
	@$(BIN)/python fpga_gateware/bench/core_speed.py

# Versions and sizes of the tools matter to the bits; they have an environment of their own.
build/gateware/.tools: fpga_gateware/requirements.txt $(VENV)/.python
	@echo "installing yosys, nextpnr and apycula into build/gateware/tools …"
	@mkdir -p build/gateware
	@$(BIN)/python -m venv build/gateware/tools
	@build/gateware/tools/bin/pip --quiet --disable-pip-version-check install --requirement fpga_gateware/requirements.txt
	@touch $@

LANES := 2
SEEDS := 1,2,3
BITSTREAM_OPTIONS :=

.PHONY: bitstream
bitstream: build/gateware/.tools  ## the Tang Nano 9K's bitstream of LANES lanes, the best of SEEDS: build/bitstream
	@PATH="$(abspath build/gateware/tools/bin):$$PATH" python3 fpga_gateware/build.py \
		--lanes $(LANES) --seeds $(SEEDS) $(BITSTREAM_OPTIONS)

.PHONY: test-monitoring
test-monitoring: $(VENV)/.test  ## alert rules and dashboard, by Prometheus itself and Grafana's own types
	@sh etc/prometheus/prepare.sh build/grafana
	@PROGRAMS_NEEDED=1 GRAFANA_TYPES=build/grafana $(BIN)/pytest tests/monitoring

.PHONY: test-security
test-security: $(VENV)/.test  ## the threats of docs/security.md, behind a real nginx, too
	@sh etc/prepare-programs.sh nginx=nginx-light openssl=openssl
	@PROGRAMS_NEEDED=1 $(BIN)/pytest tests/access tests/docs/test_security.py

.PHONY: test-guides
test-guides: $(VENV)/.test  ## the examples of docs/integrate.md, in all of their languages
	@sh etc/prepare-programs.sh curl=curl node=nodejs Rscript="r-base-core r-cran-jsonlite r-cran-curl" octave=octave
	@PROGRAMS_NEEDED=1 $(BIN)/pytest tests/docs/test_integrate.py

MINUTES := 8
LEAK :=
PAGE :=

.PHONY: test-load
test-load: $(VENV)/.test installed  ## an hour of a lab's traffic in MINUTES (8, and 2 to set up): leaks, lost jobs; PAGE=1: docs/load.md
	@PYTHONPATH=tests $(BIN)/python -m load --program build/installed/bin/pycwtd \
		--minutes $(MINUTES) $(if $(LEAK),--leak $(LEAK)) $(if $(PAGE),--page)

.PHONY: audit
audit: build/audit/bin/pip-audit  ## known vulnerabilities of what is installed; says what couldn't be checked
	@$(BIN)/python etc/audit.py build/audit/bin/pip-audit constraints.txt

build/audit/bin/pip-audit: $(VENV)/.python
	@$(BIN)/python -m venv build/audit
	@build/audit/bin/pip --quiet --disable-pip-version-check install 'pip-audit==2.10.1'

.PHONY: sanitize
sanitize: $(VENV)/.test  ## the kernel's tests under the address and undefined behaviour sanitizers
	@sh etc/sanitize.sh $(VENV) build/sanitize

FUZZ_SECONDS := 60

.PHONY: fuzz
fuzz: $(VENV)/.run  ## tasks that nobody would think of, for FUZZ_SECONDS
	@sh etc/fuzz.sh build/fuzz $(FUZZ_SECONDS)

FUZZ_EXAMPLES := 500

.PHONY: fuzz-api
fuzz-api: $(VENV)/.test  ## requests that nobody would think of, FUZZ_EXAMPLES to an operation
	@$(BIN)/python tests/api/fuzz.py --examples $(FUZZ_EXAMPLES)

.PHONY: lint
lint: $(VENV)/.test  ## style, types, and which room may import which
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(LINT_IMPORTS)

# The loader of editable installs hides where packages are; without site it isn't loaded.
LINT_IMPORTS = PYTHONPATH=.:drivers:console:$$($(BIN)/python -c \
	'import sysconfig; print(sysconfig.get_path("purelib"))') \
	$(BIN)/python -S $(BIN)/lint-imports --no-logo

.PHONY: bench
bench: $(VENV)/.run build/peer/.ready bytecode  ## our speed against other programs', 15 minutes: docs/performance.md
	@$(BIN)/python -m bench

.PHONY: bench-quick
bench-quick: $(VENV)/.run build/peer/.ready bytecode  ## the same in two minutes, without the page
	@$(BIN)/python -m bench --quick

.PHONY: bench-daemon
bench-daemon: installed  ## the daemon under load, installed as users have it: latencies, memory, jobs lost
	@$(BIN)/python -m bench.daemon build/installed/bin/pycwtd

.PHONY: installed
installed: $(VENV)/.run
	@rm -rf build/installed
	@$(PIP) wheel --no-deps --no-build-isolation --wheel-dir build/installed .
	@$(BIN)/python -m venv build/installed
	@build/installed/bin/python -m pip --quiet --disable-pip-version-check install \
		--constraint constraints.txt build/installed/*.whl

.PHONY: bench-console
bench-console: installed  ## what the console costs: first paint, bytes, 10,000 jobs, memory of events, idle CPU
	@$(BIN)/python -m bench.console build/installed/bin/pycwtd-console

.PHONY: screens
screens: $(VENV)/.test  ## write the console's screens that are kept as text anew
	@$(BIN)/python tests/consoles.py

.PHONY: bench-dask
bench-dask: $(VENV)/.test  ## the backend dask: efficiency of two workers, overhead of a chunk
	@$(BIN)/python -m bench.dask

.PHONY: bench-fpga
bench-fpga: $(VENV)/.run gateware-tools  ## realisations a second and joules each of the gateware, beside the CPU's
	@$(BIN)/python fpga_gateware/speed.py

build/peer/.ready: $(VENV)/.python bench/peer-requirements.txt bench/prepare-peers.sh
	@echo "installing what we are measured against into build/peer …"
	@sh bench/prepare-peers.sh $(BIN)/python build/peer
	@touch $@

.PHONY: docs
docs: $(VENV)/.docs  ## these pages, with the pictures that their examples draw: build/docs/html
	@$(BIN)/python -m sphinx --quiet --fresh-env --fail-on-warning --keep-going \
		--doctree-dir build/docs/doctrees docs build/docs/html
	@echo "build/docs/html/index.html"

.PHONY: man
man: $(VENV)/.run  ## pages for man(1), of the commands' own help: build/man
	@$(BIN)/python -m pycwtd_console.manual build/man

.PHONY: configuration
configuration: $(VENV)/.run  ## write etc/pycwtd.toml and the tables of docs/configuration.md
	@$(BIN)/python -m pycwtd.config etc/pycwtd.toml docs/configuration.md

.PHONY: dist
dist: $(VENV)/.test  ## wheel and source archive in dist/
	@$(BIN)/python -m build --no-isolation --outdir dist .

.PHONY: deb
deb:  ## a Debian package with everything in it, for machines without a network: build/deb/out
	@sh etc/build-deb.sh build/deb/out

.PHONY: test-appliance
test-appliance: deb  ## the package on a Debian that boots: crashes, hangs, backups, nginx, upgrades (root, 10 minutes)
	@python3 tests/appliance/run.py $$(ls build/deb/out/pycwtd_*-1_*.deb | tail -1) build/appliance

.PHONY: constraints
constraints: $(VENV)/.test $(VENV)/.docs  ## write the versions of .venv to constraints.txt
	@$(PIP) freeze --all --exclude-editable > constraints.txt

.PHONY: clean
clean:  ## remove what the targets above made
	@rm -rf $(VENV) build dist demo.png
