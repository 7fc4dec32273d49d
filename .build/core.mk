# The core under Check: no nginx, no curl.

UNIT_CFLAGS ?= -std=c11 -D_GNU_SOURCE -g -O1 -Wall -Wextra -Wshadow -Werror
UNIT_LIBS    = $(shell pkg-config --libs check jansson libcrypto)
UNIT_INCS    = -Iinclude -It/unit $(shell pkg-config --cflags check jansson)

UNIT_OBJS   := $(patsubst %.c,$(OUT)/unit/%.o,$(CORE_SRCS) $(UNIT_SRCS))

.PHONY: unit

unit: $(OUT)/unit/unit  ## unit tests of the core
	$(OUT)/unit/unit

$(OUT)/unit/unit: $(UNIT_OBJS)
	$(CC) $(UNIT_CFLAGS) -o $@ $^ $(UNIT_LIBS)

$(OUT)/unit/%.o: %.c $(CORE_HDRS) $(wildcard t/unit/*.h)
	@mkdir -p $(dir $@)
	$(CC) $(UNIT_CFLAGS) $(UNIT_INCS) -c -o $@ $<
