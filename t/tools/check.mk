# Checkers.

SAN_FLAGS := -fsanitize=address,undefined -fno-omit-frame-pointer

.PHONY: lint sanitize valgrind coverage torture matrix matrix-fleet \
        prometheus fuzz chaos fleet bench bench-base bench-check bench-zone \
        bench-grants bench-gateway

##@ Check

lint:  ## style, banned functions, clang-tidy, cppcheck
	@t/tools/deps $(PACKAGES) $(LINTERS)
	@t/tools/lint

# A process for each unit test would look for leaks 1,300 times.
sanitize: deps  ## all tests under AddressSanitizer and UBSan
	@CK_FORK=no $(MAKE) --no-print-directory -j$(JOBS) unit \
	    BUILD=$(BUILD)/asan \
	    UNIT_CFLAGS="-std=c11 -D_GNU_SOURCE -g -O1 -Wall -Wextra \
	        $(SAN_FLAGS)"
	@$(MAKE) --no-print-directory all BUILD=$(BUILD)/asan \
	    CFLAGS_OPT="-g -O1 -fPIC $(SAN_FLAGS)" \
	    LDFLAGS_OPT="-fsanitize=address,undefined"
	ZOOM_ASAN=1 ZOOM_MODULE=$(OUT)/asan/ngx_http_zoom_module.so \
	    prove -j$(PROVE_JOBS) -It/lib t/*.t

# Check forks for each test; here one process, or leaks of children hide.
VALGRIND := CK_FORK=no valgrind -q --error-exitcode=1 --leak-check=full \
            --show-leak-kinds=definite,indirect,possible \
            --errors-for-leak-kinds=definite,indirect,possible

valgrind: deps  ## unit tests and fuzzers' seeds under valgrind
	@t/tools/deps valgrind
	@$(MAKE) --no-print-directory unit > /dev/null
	$(VALGRIND) $(OUT)/unit/unit
	@for f in $(FUZZERS); do \
	    $(VALGRIND) $(OUT)/unit/replay_$$f t/fuzz/seeds/$$f/*; \
	done

COV := $(BUILD)/cov
COV_FLAGS := -g -O0 -fPIC --coverage -fprofile-abs-path

# Workers run as nobody, and add their counts to those of the master when they
# exit.  The Lua module's patterns have unit tests.  What hardly ever fails is
# reached by torture alone, which is told but not counted on.
coverage: deps  ## lines and branches that the tests reach
	@t/tools/deps gcovr
	@find $(COV) -name '*.gcda' -delete 2> /dev/null || true
	@$(MAKE) --no-print-directory unit BUILD=$(COV) \
	    UNIT_CFLAGS="-std=c11 -D_GNU_SOURCE -g -O0 --coverage"
	@$(MAKE) --no-print-directory all BUILD=$(COV) \
	    CFLAGS_OPT="$(COV_FLAGS)" LDFLAGS_OPT="--coverage"
	@$(MAKE) --no-print-directory all BUILD=$(COV)/torture \
	    CFLAGS_OPT="$(COV_FLAGS) -include $(ROOT)/t/torture/torture.h" \
	    LDFLAGS_OPT="--coverage"
	@find $(COV) -path '*/obj/*' -name '*.gcno' | sed 's/no$$/da/' \
	    | xargs sh -c 'touch "$$@" && chmod a+rw "$$@"' sh
	ZOOM_MODULE=$(abspath $(COV))/ngx_http_zoom_module.so \
	    prove -j$(PROVE_JOBS) -It/lib t/*.t || true
	ZOOM_MODULE=$(abspath $(COV))/torture/ngx_http_zoom_module.so \
	    prove -It/lib t/torture/run || true
	@echo; echo "the core, by its unit tests:"
	@gcovr -r . $(COV)/unit --filter 'src/' -s \
	    --fail-under-line 100 --fail-under-branch 95
	@echo; echo "the module, by the end-to-end and the unit tests:"
	@gcovr -r . $(COV)/obj $(COV)/unit --filter 'ngx_zoom_module/' -s \
	    --fail-under-line 92
	@echo; echo "the module, with every call that can fail failing once:"
	@gcovr -r . $(COV)/obj $(COV)/unit $(COV)/torture/obj \
	    --filter 'ngx_zoom_module/' -s | tail -3

torture: deps  ## let every call fail once, under sanitizers
	@$(MAKE) --no-print-directory all BUILD=$(BUILD)/torture \
	    CFLAGS_OPT="-g -O1 -fPIC $(SAN_FLAGS) \
	        -include $(ROOT)/t/torture/torture.h" \
	    LDFLAGS_OPT="-fsanitize=address,undefined"
	@$(MAKE) --no-print-directory -j$(JOBS) $(OUT)/torture/unit/unit \
	    BUILD=$(BUILD)/torture UNIT_CFLAGS="-std=c11 -D_GNU_SOURCE -g -O1 \
	        -Wall -Wextra $(SAN_FLAGS) -fno-sanitize-recover=undefined"
	prove -v t/torture/unit :: $(OUT)/torture/unit/unit
	ZOOM_ASAN=1 ZOOM_MODULE=$(OUT)/torture/ngx_http_zoom_module.so \
	    prove -v -It/lib t/torture/run

# NGINX_SRC may name several trees.
matrix: deps  ## end-to-end tests against every nginx there is
	@t/tools/matrix $(OUT)/matrix $(NGINX_SRC)

matrix-fleet:  ## fleets in Debian 13: hiredis 1.x, TLS, Redis, Valkey
	@MATRIX_FLEET=only t/tools/matrix $(OUT)/matrix

prometheus: all  ## metrics, rules, dashboard with Debian 13's Prometheus
	@t/tools/prometheus $(OUT)/prometheus trixie $(MODULE)

FUZZ_TIME ?= 60

fuzz: deps  ## run every fuzzer for FUZZ_TIME seconds (60)
	@t/tools/deps clang
	@for f in $(FUZZERS); do \
	    n=fuzz_$$f; \
	    mkdir -p $(OUT)/fuzz/$$n; \
	    case $$f in \
	        lua) more="$(VM_SRCS)";; \
	        lua_*) more=ngx_zoom_module/lua/zoom_$$f.c;; \
	        *) more=;; \
	    esac; \
	    clang -std=c11 -D_GNU_SOURCE -g -O1 $(UNIT_INCS) \
	        -fsanitize=fuzzer,address,undefined \
	        -fno-sanitize-recover=undefined -o $(OUT)/fuzz/$$n.bin \
	        t/fuzz/$$n.c $(CORE_SRCS) $$more $(UNIT_LIBS); \
	    echo "$$n:"; \
	    $(OUT)/fuzz/$$n.bin -max_total_time=$(FUZZ_TIME) -timeout=10 \
	        -print_final_stats=1 $(OUT)/fuzz/$$n t/fuzz/seeds/$$f \
	        2>&1 | tail -5; \
	done


# seconds, but for CROWD, which is callbacks
STORM  ?= 30
MIX    ?= 90
EXPIRY ?= 60
OUTAGE ?= 60
CROWD  ?= 5000
ROUNDS ?= 12
PARTS  ?= storm expiry outage crowd grants

# seconds, but for KILLS, FAILOVERS and COMERS, which are hosts, times and users
FLEET       ?= 5
AWAY        ?= 30
CUT         ?= 40
KILLS       ?= 2
FAILOVERS   ?= 1
GRANTS      ?= 18
COMERS      ?= 1500
FLEET_PARTS ?= fleet fleet_cut fleet_kill fleet_failover fleet_grants \
               fleet_crowd

fleet:  ## three hosts: store, partitions, kills, failovers, a crowd
	@t/tools/deps $(PACKAGES) redis-server
	@$(MAKE) --no-print-directory all
	ZOOM_MODULE=$(MODULE) FLEET=$(FLEET) AWAY=$(AWAY) CUT=$(CUT) \
	    KILLS=$(KILLS) FAILOVERS=$(FAILOVERS) GRANTS=$(GRANTS) \
	    CROWD=$(COMERS) \
	    prove -v -It/lib $(FLEET_PARTS:%=t/chaos/%.t)

chaos:  ## reloads, kills, outages, crowds for 18 minutes
	@t/tools/deps $(PACKAGES) gdb
	@$(MAKE) --no-print-directory all
	ZOOM_MODULE=$(MODULE) STORM=$(STORM) MIX=$(MIX) EXPIRY=$(EXPIRY) \
	    OUTAGE=$(OUTAGE) CROWD=$(CROWD) ROUNDS=$(ROUNDS) \
	    prove -v -It/lib $(PARTS:%=t/chaos/%.t)

$(OUT)/bench/fill: t/bench/fill.c src/zoom_seal.c
	@mkdir -p $(dir $@)
	$(CC) -std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra -Wshadow -Werror -Iinclude \
	    -o $@ $^ src/zoom_base64.c src/zoom_string.c -lsqlite3 -lcrypto

##@ Measure

bench-grants: $(OUT)/bench/fill  ## 100,000 grants of users: start, first callbacks, memory
	@$(MAKE) --no-print-directory all
	ZOOM_MODULE=$(MODULE) BENCH_OUT=$(OUT)/bench t/bench/grants

$(OUT)/bench/open: t/bench/open.c
	@mkdir -p $(dir $@)
	$(CC) -std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra -Wshadow -Werror -o $@ $<

BASE ?= HEAD
BENCH = ZOOM_BASE=$(OUT)/bench/base/build/ngx_http_zoom_module.so \
        ZOOM_BASE_NAME=$(BASE) ZOOM_MODULE=$(MODULE) BENCH_OUT=$(OUT)/bench

bench: bench-base  ## all that docs/benchmarks.md tells, beside BASE and others
	@t/tools/deps $(PACKAGES) wrk valgrind
	@t/bench/prepare $(OUT)/bench
	LARGEST=1000000 $(BENCH) t/bench/run
	ZONE_TOKENS=1000000 $(BENCH) t/bench/zone
	$(BENCH) t/bench/waiting
	$(BENCH) t/bench/burst
	$(BENCH) t/bench/stale
	$(BENCH) t/bench/pools
	$(BENCH) t/bench/fleet
	$(BENCH) t/bench/gateway
	@t/bench/document $(OUT)/bench docs/benchmarks.md

# the build of BASE, to hold this one against
bench-base: $(OUT)/bench/open
	@t/tools/deps $(PACKAGES) valgrind
	@$(MAKE) --no-print-directory all
	@rm -rf $(OUT)/bench/base
	@mkdir -p $(OUT)/bench/base
	@git archive $(BASE) | tar x -C $(OUT)/bench/base
	@$(MAKE) --no-print-directory -C $(OUT)/bench/base all BUILD=build

bench-zone: bench-base  ## large zones, many accounts, waiting callbacks, beside BASE
	$(BENCH) t/bench/zone
	$(BENCH) t/bench/waiting

bench-gateway: $(OUT)/bench/open  ## the gateway, beside "proxy_pass https"
	@$(MAKE) --no-print-directory all
	ZOOM_MODULE=$(MODULE) BENCH_OUT=$(OUT)/bench t/bench/gateway

bench-check: bench-base  ## fails where the build of BASE (HEAD) is 3 % faster
	$(BENCH) t/bench/check
