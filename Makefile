# ngx_zoom_module.  "make help" lists the targets.

SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := all

# Where things are built; a second directory keeps a second flavour.
BUILD       ?= build

# Debian's nginx-dev, or a plain nginx source tree in NGINX_SRC.
NGINX_DEV   ?= /usr/share/nginx/src
NGINX_SRC   ?=

# "no" builds without LuaJIT, and without the Lua module.
export ZOOM_LUA

# "no" builds without hiredis, and without a zoom_store in Redis.
export ZOOM_REDIS

CC          ?= cc
JOBS        ?= $(shell nproc 2>/dev/null || echo 2)

# End-to-end tests mostly wait.
PROVE_JOBS  ?= $(shell expr $(JOBS) + 2)

CFLAGS_OPT  ?= -g -O2 -fstack-protector-strong -Wformat \
               -Werror=format-security -D_FORTIFY_SOURCE=2 -fPIC
LDFLAGS_OPT ?= -Wl,-z,relro -Wl,-z,now

PACKAGES    := build-essential nginx nginx-dev libnginx-mod-http-lua \
               lua-cjson libluajit2-5.1-dev,libluajit-5.1-dev \
               libcurl4-openssl-dev libjansson-dev libssl-dev \
               libsqlite3-dev sqlite3 libhiredis-dev check \
               pkg-config perl openssl curl ca-certificates

# What single tests want; NO_EXTRAS=1 does without.
EXTRAS      := prometheus chromium gdb redis-server libio-socket-ssl-perl \
               libyaml-libyaml-perl python3-flask python3-requests
LINTERS     := clang clang-tidy cppcheck

override ROOT  := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
override OUT   := $(abspath $(BUILD))

CORE_SRCS   := $(wildcard src/*.c)
CORE_HDRS   := $(wildcard include/*.h)
WINGS       := conf http broker shm store net export
MODULE_SRCS := $(wildcard ngx_zoom_module/*.c $(WINGS:%=ngx_zoom_module/%/*.c))
MODULE_HDRS := $(wildcard ngx_zoom_module/*.h $(WINGS:%=ngx_zoom_module/%/*.h))
UNIT_SRCS   := $(wildcard t/unit/*.c)

MODULE      := $(OUT)/ngx_http_zoom_module.so

MODULES     := $(MODULE)

ifneq ($(ZOOM_LUA),no)
LUA_SRCS    := $(wildcard ngx_zoom_module/lua/*.c)
LUA_HDRS    := $(wildcard ngx_zoom_module/lua/*.h)
MODULES     += $(OUT)/ngx_http_zoom_lua_module.so
endif

# What was configured and compiled for another tree is of no use here: a copy
# of build/ would go on compiling the tree that it came from.  It goes before
# make has looked at what is there.
ifneq ($(shell cat $(OUT)/root 2> /dev/null),$(ROOT))
STALE       := $(shell rm -rf $(OUT)/root $(OUT)/obj $(OUT)/unit $(MODULES))
endif

include t/tools/core.mk
include t/tools/check.mk
include t/tools/ship.mk


.PHONY: all help deps run test e2e man install uninstall clean

##@ Try and build

all: $(MODULES)  ## build both modules into build/

help:  ## list the targets
	@awk 'function add(g) { if (!(g in text)) order[++n] = g } \
	    /^\#\#@ / { group = substr($$0, 5); add(group) } \
	    match($$0, /^[a-z0-9-]+:.*\#\# /) { \
	        name = $$0; sub(/:.*/, "", name); \
	        text[group] = text[group] sprintf("  make %-12s %s\n", name, \
	            substr($$0, RLENGTH + 1)) } \
	    END { for (i = 1; i <= n; i++) \
	        printf "%s%s\n%s", (i > 1 ? "\n" : ""), order[i], \
	            text[order[i]] }' $(MAKEFILE_LIST)

deps:  ## install what building and testing need (apt)
	@t/tools/deps $(PACKAGES) $(if $(NO_EXTRAS),,$(EXTRAS))

run:  ## start nginx on 127.0.0.1:8080 against the Zoom stand-in
	@echo "1/3 looking for what it needs (the first time a few minutes)"
	@$(MAKE) --no-print-directory deps NO_EXTRAS=1
	@echo "2/3 building the modules (the first time a minute)"
	@$(MAKE) --no-print-directory all
	@echo "3/3 starting nginx and a stand-in for Zoom"
	@t/sandbox/run $(ARGS)

##@ Test

test: deps  ## unit and end-to-end tests
	@$(MAKE) --no-print-directory -j$(JOBS) unit
	@$(MAKE) --no-print-directory e2e

e2e: all  ## end-to-end tests through a real nginx
	ZOOM_MODULE=$(MODULE) prove -j$(PROVE_JOBS) -It/lib t/*.t

##@ Install

# Where nginx looks for modules, as nginx itself says; it may be where only
# root looks for programs.
MODULES_DIR ?= $(shell PATH=$$PATH:/usr/local/sbin:/usr/sbin:/sbin; \
                 nginx -V 2>&1 | tr ' ' '\n' \
                 | sed -n 's/^--modules-path=//p')

# Where Debian's lua-nginx-module looks, beside its lua-resty-core.
LUA_DIR ?= /usr/share/lua/5.1

MAN_DIR ?= /usr/share/man

VERSION = $(shell sed -n 's/^\#define NGX_HTTP_ZOOM_VERSION *"\(.*\)"/\1/p' \
            ngx_zoom_module/ngx_http_zoom_version.h)
RESTY   := $(wildcard lua/resty/*.lua lua/resty/zoom/*.lua)
MANUAL  := $(OUT)/ngx_http_zoom_module.8

man: $(MANUAL)  ## the manual page, of docs/directives.md

$(MANUAL): docs/directives.md t/tools/man
	@mkdir -p $(OUT)
	@t/tools/man $(VERSION) < $< > $@

install: all $(MANUAL)  ## install the modules, the half in Lua, the manual page
	@test -n "$(MODULES_DIR)" || { \
	    echo "no nginx in PATH that says where its modules are: give" \
	         "MODULES_DIR=/path/to/modules" >&2; exit 1; }
	install -d $(DESTDIR)$(MODULES_DIR) $(DESTDIR)$(LUA_DIR)/resty/zoom
	install -m 644 $(MODULES) $(DESTDIR)$(MODULES_DIR)/
	install -m 644 lua/resty/zoom.lua $(DESTDIR)$(LUA_DIR)/resty/
	install -m 644 lua/resty/zoom/*.lua $(DESTDIR)$(LUA_DIR)/resty/zoom/
	install -d $(DESTDIR)$(MAN_DIR)/man8
	install -m 644 $(MANUAL) $(DESTDIR)$(MAN_DIR)/man8/

uninstall:  ## remove what "make install" has installed
	@test -n "$(MODULES_DIR)" || { \
	    echo "give MODULES_DIR=/path/to/modules, as for \"make install\"" \
	         >&2; exit 1; }
	rm -f $(patsubst $(OUT)/%,$(DESTDIR)$(MODULES_DIR)/%,$(MODULES)) \
	    $(patsubst lua/%,$(DESTDIR)$(LUA_DIR)/%,$(RESTY)) \
	    $(DESTDIR)$(MAN_DIR)/man8/ngx_http_zoom_module.8
	rmdir $(DESTDIR)$(LUA_DIR)/resty/zoom 2> /dev/null || :

##@ Try and build

clean:  ## remove everything that was built
	rm -rf $(OUT)

$(OUT)/root:
	@mkdir -p $(OUT)
	@echo "$(ROOT)" > $@


# Part of the tree, since nginx's own build needs it.
src/zoom_endpoint_table.c: src/endpoints.tsv t/tools/endpoints
	@t/tools/endpoints src/endpoints.tsv > $@.new || { rm -f $@.new; exit 1; }
	@mv $@.new $@

ngx_zoom_module/lua/ngx_http_zoom_lua_users.c: lua/resty/zoom/users.lua \
                                               t/tools/lua_text
	@t/tools/lua_text $< > $@.new || { rm -f $@.new; exit 1; }
	@mv $@.new $@

# nginx's configure refuses a missing library by name; without the sources
# themselves it is up to us to say so.

# a directory changes when a file comes or goes
$(OUT)/obj/Makefile: config src ngx_zoom_module \
                     ngx_zoom_module/lua $(WINGS:%=ngx_zoom_module/%) \
                     | $(OUT)/root
	@mkdir -p $(OUT)/obj
ifeq ($(NGINX_SRC),)
	@test -f $(NGINX_DEV)/conf_flags || { \
	    echo "$(NGINX_DEV) is not there: run \"make deps\", or give" \
	         "NGINX_SRC=/path/to/nginx" >&2; exit 1; }
	@cd $(NGINX_DEV) && . ./conf_flags && ./configure \
	    --with-cc="$(CC)" --with-cc-opt="$(CFLAGS_OPT)" \
	    --with-ld-opt="$(LDFLAGS_OPT)" "$${NGX_CONF_FLAGS[@]}" \
	    --add-dynamic-module=$(ROOT) --builddir=$(OUT)/obj \
	    > $(OUT)/configure.log || { tail -20 $(OUT)/configure.log; exit 1; }
else
	@cd $(NGINX_SRC) && $$(test -x configure && echo ./configure \
	    || echo auto/configure) --with-compat --with-debug \
	    --with-cc="$(CC)" --with-cc-opt="$(CFLAGS_OPT)" \
	    --with-ld-opt="$(LDFLAGS_OPT)" $(NGINX_FLAGS) \
	    --add-dynamic-module=$(ROOT) --builddir=$(OUT)/obj \
	    > $(OUT)/configure.log || { tail -20 $(OUT)/configure.log; exit 1; }
endif
	@touch $@

$(MODULES) &: $(OUT)/obj/Makefile $(MODULE_SRCS) $(MODULE_HDRS) \
              $(CORE_SRCS) $(CORE_HDRS) $(LUA_SRCS) $(LUA_HDRS)
	@$(MAKE) --no-print-directory -s -j$(JOBS) -f $(OUT)/obj/Makefile \
	    -C $(if $(NGINX_SRC),$(NGINX_SRC),$(NGINX_DEV)) modules
	@cp $(patsubst $(OUT)/%,$(OUT)/obj/%,$(MODULES)) $(OUT)/
	@echo "built $(patsubst $(ROOT)/%,%,$(MODULES))"
