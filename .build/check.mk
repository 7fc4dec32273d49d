# Checkers.

SAN_FLAGS := -fsanitize=address,undefined -fno-omit-frame-pointer

.PHONY: lint sanitize fuzz chaos

lint:  ## style, banned functions, clang-tidy, cppcheck
	@.build/deps $(PACKAGES) $(LINTERS)
	@.build/lint

sanitize: deps  ## all tests under AddressSanitizer and UBSan
	@$(MAKE) --no-print-directory unit BUILD=$(BUILD)/asan \
	    UNIT_CFLAGS="-std=c11 -D_GNU_SOURCE -g -O1 -Wall -Wextra \
	        $(SAN_FLAGS)"
	@$(MAKE) --no-print-directory all BUILD=$(BUILD)/asan \
	    CFLAGS_OPT="-g -O1 -fPIC $(SAN_FLAGS)" \
	    LDFLAGS_OPT="-fsanitize=address,undefined"
	ZOOM_ASAN=1 ZOOM_MODULE=$(OUT)/asan/ngx_http_zoom_module.so \
	    prove -j$(JOBS) -It/lib t/*.t

FUZZ_TIME ?= 60

fuzz: deps  ## run every fuzzer for FUZZ_TIME seconds (60)
	@.build/deps clang
	@for f in t/fuzz/fuzz_*.c; do \
	    n=$$(basename $$f .c); \
	    mkdir -p $(OUT)/fuzz/$$n; \
	    clang -std=c11 -D_GNU_SOURCE -g -O1 -Iinclude \
	        -fsanitize=fuzzer,address,undefined \
	        -fno-sanitize-recover=undefined -o $(OUT)/fuzz/$$n.bin $$f \
	        $(CORE_SRCS) $$(pkg-config --cflags --libs jansson libcrypto); \
	    $(OUT)/fuzz/$$n.bin -max_total_time=$(FUZZ_TIME) -timeout=10 \
	        -print_final_stats=1 $(OUT)/fuzz/$$n \
	        t/fuzz/seeds/$${n#fuzz_} 2>&1 | tail -4; \
	done


# seconds
DURATION ?= 180

chaos:  ## kill, reload and misbehave for DURATION seconds (180)
	@.build/deps $(PACKAGES) gdb
	@$(MAKE) --no-print-directory all
	ZOOM_MODULE=$(MODULE) prove -v -It/lib t/chaos/run :: $(DURATION)
