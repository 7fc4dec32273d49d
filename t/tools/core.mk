# The core under Check: no nginx, no curl.

UNIT_CFLAGS ?= -std=c11 -D_GNU_SOURCE -g -O1 -Wall -Wextra -Wshadow -Werror
UNIT_LIBS    = $(shell pkg-config --libs check jansson libcrypto)
UNIT_INCS    = -Iinclude -It/unit $(shell pkg-config --cflags check jansson)

# of the Lua module what needs no nginx; LuaJIT is its oracle
ifneq ($(ZOOM_LUA),no)
UNIT_SRCS   += ngx_zoom_module/lua/zoom_lua_pattern.c
UNIT_LIBS   += $(shell pkg-config --libs luajit)
UNIT_INCS   += -Ingx_zoom_module/lua $(shell pkg-config --cflags luajit)
else
UNIT_SRCS   := $(filter-out t/unit/test_lua_%,$(UNIT_SRCS))
UNIT_INCS   += -DZOOM_NO_LUA
endif

UNIT_OBJS   := $(patsubst %.c,$(OUT)/unit/%.o,$(CORE_SRCS) $(UNIT_SRCS))

FUZZERS     := $(patsubst t/fuzz/fuzz_%.c,%,$(wildcard t/fuzz/fuzz_*.c))

# The Lua module runs in a fuzzer, where nginx is played; its directives and
# its reading of files do not.
ifneq ($(ZOOM_LUA),no)
VM_SRCS     := $(filter-out %_lua_module.c %_lua_source.c, \
                 $(wildcard ngx_zoom_module/lua/*.c t/fuzz/nginx/*.c))
UNIT_INCS   += -It/fuzz/nginx -Ingx_zoom_module

$(OUT)/unit/ngx_zoom_module/lua/%.o: UNIT_INCS += -Wno-unused-parameter
else
FUZZERS     := $(filter-out lua%,$(FUZZERS))
endif

REPLAYS     := $(patsubst %,$(OUT)/unit/replay_%,$(FUZZERS))

.PHONY: unit replay

##@ Test

unit: $(OUT)/unit/unit replay  ## unit tests of the core
	$(OUT)/unit/unit

# the fuzzers' seeds, without a fuzzer
replay: $(REPLAYS)
	@for f in $(FUZZERS); do \
	    $(OUT)/unit/replay_$$f t/fuzz/seeds/$$f/*; \
	done

$(OUT)/unit/unit: $(UNIT_OBJS)
	$(CC) $(UNIT_CFLAGS) -o $@ $^ $(UNIT_LIBS)

$(OUT)/unit/replay_%: $(OUT)/unit/t/fuzz/fuzz_%.o \
                      $(OUT)/unit/t/fuzz/replay.o \
                      $(patsubst %.c,$(OUT)/unit/%.o,$(CORE_SRCS))
	$(CC) $(UNIT_CFLAGS) -o $@ $^ $(UNIT_LIBS)

$(OUT)/unit/replay_lua: $(patsubst %.c,$(OUT)/unit/%.o,$(VM_SRCS))

$(OUT)/unit/replay_lua_pattern: \
    $(OUT)/unit/ngx_zoom_module/lua/zoom_lua_pattern.o

.SECONDARY:

$(OUT)/unit/%.o: %.c $(CORE_HDRS) $(wildcard t/unit/*.h) | $(OUT)/root
	@mkdir -p $(dir $@)
	$(CC) $(UNIT_CFLAGS) $(UNIT_INCS) -c -o $@ $<
