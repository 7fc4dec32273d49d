/*
 * Lua's patterns, with LuaJIT's own string.find() for an oracle.  The input is
 * a pattern, a zero, and what is searched.
 */

#include <stdlib.h>
#include <string.h>

#include <lua.h>
#include <lauxlib.h>
#include <lualib.h>

#include "zoom_lua_pattern.h"


/* What takes us so few steps LuaJIT is done with as well. */

#define FUZZ_MAX    512
#define FUZZ_STEPS  50000


int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);


static zoom_lua_pattern_t  pattern;
static zoom_lua_match_t    match;


static void
fuzz_is(int ok)
{
    if (!ok) {
        abort();
    }
}


static lua_State *
fuzz_oracle(void)
{
    static lua_State  *L;

    if (L == NULL) {
        L = luaL_newstate();
        fuzz_is(L != NULL);

        luaL_openlibs(L);
        fuzz_is(luaL_dostring(L, "jit.off() find = string.find") == 0);
    }

    lua_settop(L, 0);

    return L;
}


static void
fuzz_capture(lua_State *L, int index, const char *s, size_t len,
    const zoom_lua_capture_t *c)
{
    size_t       n;
    const char  *text;

    if (c->len == ZOOM_LUA_POSITION) {
        fuzz_is(c->start <= len);
        fuzz_is(lua_type(L, index) == LUA_TNUMBER);
        fuzz_is((size_t) lua_tointeger(L, index) == c->start + 1);
        return;
    }

    fuzz_is(c->start <= len && c->len <= len - c->start);

    text = lua_tolstring(L, index, &n);

    fuzz_is(text && n == c->len && memcmp(text, s + c->start, n) == 0);
}


/* LuaJIT reads of a pattern what it comes to; we read all of it before. */

static void
fuzz_compare(const char *p, size_t plen, const char *s, size_t len, int rc)
{
    int         theirs;
    unsigned    i;
    lua_State  *L;

    L = fuzz_oracle();

    lua_getglobal(L, "find");
    lua_pushlstring(L, s, len);
    lua_pushlstring(L, p, plen);

    theirs = lua_pcall(L, 2, LUA_MULTRET, 0);

    if (theirs != 0) {

        /* "too many C levels", as its stack is one of C */

        fuzz_is(rc != 1 || strstr(lua_tostring(L, -1), "too complex"));
        return;
    }

    if (lua_isnil(L, 1)) {
        fuzz_is(rc == 0);
        return;
    }

    fuzz_is(rc == 1);
    fuzz_is(match.start + 1 == (size_t) lua_tointeger(L, 1));
    fuzz_is(match.end == (size_t) lua_tointeger(L, 2));
    fuzz_is((int) pattern.ncaptures == lua_gettop(L) - 2);

    for (i = 0; i < pattern.ncaptures; i++) {
        fuzz_capture(L, (int) i + 3, s, len, &match.captures[i]);
    }
}


int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    int          rc;
    size_t       plen, len;
    int64_t      steps;
    const char  *p, *s, *why;

    if (size > FUZZ_MAX || memchr(data, '\0', size) == NULL) {
        return 0;
    }

    p = (const char *) data;
    plen = strlen(p);
    s = p + plen + 1;
    len = size - plen - 1;

    why = zoom_lua_pattern_read(&pattern, p, plen, 0);

    if (why == NULL) {
        steps = FUZZ_STEPS;
        rc = zoom_lua_pattern_find(&pattern, s, len, len / 2, &match, &steps);
        fuzz_is(rc >= -1 && rc <= 1);
        fuzz_is(rc != 1 || (match.start >= len / 2 && match.end <= len));
    }

    why = zoom_lua_pattern_read(&pattern, p, plen, 1);

    if (why) {
        fuzz_is(*why != '\0');
        return 0;
    }

    steps = FUZZ_STEPS;
    rc = zoom_lua_pattern_find(&pattern, s, len, 0, &match, &steps);

    if (rc == -1) {
        fuzz_is(steps < 0);
        return 0;
    }

    fuzz_compare(p, plen, s, len, rc);

    return 0;
}
