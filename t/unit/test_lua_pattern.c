/* Lua's patterns: LuaJIT's own matcher is the oracle. */

#include "unit.h"

#include <lua.h>
#include <lauxlib.h>
#include <lualib.h>

#include "zoom_lua_pattern.h"


#define ROUNDS   20000
#define STEPS    1000000


static zoom_lua_pattern_t  pattern;
static zoom_lua_match_t    match;


static const char *const  pieces[] = {
    "a", "b", "ab", ".", "%a", "%d", "%w", "%s", "[ab]", "[^a]", "[a-c%d]",
    "[]a]", "[^]]", "(", ")", "()", "%1", "%2", "*", "+", "-", "?", "$", "^",
    "%bab", "%f[a]", "%f[^%w]", "%", "[", "]", "x", "%z", "%g", "%U", "[%-a]",
    "[a-]", "[a-%]]", "[ -%%]", "[%-]", " ", "1", "%.", "%0"
};


static void
append(char *p, const char *piece)
{
    memcpy(p + strlen(p), piece, strlen(piece) + 1);
}


/* 1: found, 0: not, -2: no pattern */

static int
ours(const char *p, const char *s, size_t len, size_t from)
{
    int64_t      steps;

    steps = STEPS;

    if (zoom_lua_pattern_read(&pattern, p, strlen(p), 1)) {
        return -2;
    }

    return zoom_lua_pattern_find(&pattern, s, len, from, &match, &steps);
}


static int
same_capture(lua_State *L, int index, const char *s,
    const zoom_lua_capture_t *capture)
{
    size_t       len;
    const char  *text;

    if (capture->len == ZOOM_LUA_POSITION) {
        return lua_type(L, index) == LUA_TNUMBER
               && (size_t) lua_tointeger(L, index) == capture->start + 1;
    }

    text = lua_tolstring(L, index, &len);

    return text && len == capture->len
           && memcmp(text, s + capture->start, len) == 0;
}


/* Both say the same, or it is an error that LuaJIT had no cause to see. */

static int
agree(lua_State *L, const char *p, const char *s, size_t len, size_t from)
{
    int       rc, theirs, n;
    unsigned  i;

    lua_settop(L, 0);
    lua_getglobal(L, "find");
    lua_pushlstring(L, s, len);
    lua_pushstring(L, p);
    lua_pushinteger(L, (lua_Integer) from + 1);

    theirs = lua_pcall(L, 3, LUA_MULTRET, 0);
    n = lua_gettop(L);
    rc = ours(p, s, len, from);

    if (theirs != 0) {
        return rc == -2;
    }

    if (lua_isnil(L, 1)) {
        return rc == 0 || rc == -2;
    }

    if (rc != 1 || match.start + 1 != (size_t) lua_tointeger(L, 1)
        || match.end != (size_t) lua_tointeger(L, 2)
        || (int) pattern.ncaptures != n - 2)
    {
        return 0;
    }

    for (i = 0; i < pattern.ncaptures; i++) {
        if (!same_capture(L, (int) i + 3, s, &match.captures[i])) {
            return 0;
        }
    }

    return 1;
}


START_TEST(oracle)
{
    char        p[64], s[16];
    size_t      n, len, from, i;
    uint32_t    state;
    lua_State  *L;

    state = 4711;
    L = luaL_newstate();
    ck_assert_ptr_nonnull(L);

    luaL_openlibs(L);
    ck_assert_int_eq(luaL_dostring(L, "find = string.find"), 0);

    for (n = 0; n < ROUNDS; n++) {
        p[0] = '\0';

        for (i = unit_random(&state, 8); i; i--) {
            append(p, pieces[unit_random(&state, N(pieces))]);
        }

        len = unit_random(&state, 12);

        for (i = 0; i < len; i++) {
            s[i] = "aabbc1 x^$.]"[unit_random(&state, 12)];
        }

        from = unit_random(&state, (uint32_t) len + 1);

        ck_assert_msg(agree(L, p, s, len, from), "\"%s\" in \"%.*s\" from %zu",
                      p, (int) len, s, from);
    }

    lua_close(L);
}
END_TEST


START_TEST(steps_end)
{
    char     s[200], p[64];
    size_t   i;
    int64_t  steps;

    memset(s, 'a', sizeof(s));
    p[0] = '\0';

    for (i = 0; i < 8; i++) {
        append(p, "(.-)");
    }

    append(p, "b");

    ck_assert_ptr_null(zoom_lua_pattern_read(&pattern, p, strlen(p), 1));

    steps = 100000;
    ck_assert_int_eq(zoom_lua_pattern_find(&pattern, s, sizeof(s), 0, &match,
                                           &steps), -1);
    ck_assert_int_lt(steps, 0);
    ck_assert_int_gt(steps, -1000);
}
END_TEST


START_TEST(bounds)
{
    char  p[3 * ZOOM_LUA_MAX_ITEMS];

    memset(p, 'a', sizeof(p));
    ck_assert_ptr_null(zoom_lua_pattern_read(&pattern, p,
                                             ZOOM_LUA_MAX_ITEMS - 1, 1));
    ck_assert_ptr_nonnull(zoom_lua_pattern_read(&pattern, p, sizeof(p), 1));

    memset(p, '(', sizeof(p));
    ck_assert_str_eq(zoom_lua_pattern_read(&pattern, p, 40, 1),
                     "too many captures");
}
END_TEST


START_TEST(anchors)
{
    int64_t  steps;

    steps = STEPS;

    ck_assert_ptr_null(zoom_lua_pattern_read(&pattern, "^b", 2, 1));
    ck_assert_int_eq(zoom_lua_pattern_find(&pattern, "a^b", 3, 0, &match,
                                           &steps), 0);

    ck_assert_ptr_null(zoom_lua_pattern_read(&pattern, "^b", 2, 0));
    ck_assert_int_eq(zoom_lua_pattern_find(&pattern, "a^b", 3, 0, &match,
                                           &steps), 1);
    ck_assert_uint_eq(match.start, 1);
}
END_TEST


Suite *
unit_lua_pattern(void)
{
    TCase  *tc;
    Suite  *s;

    s = suite_create("lua_pattern");
    tc = tcase_create("lua_pattern");

    tcase_add_test(tc, oracle);
    tcase_add_test(tc, steps_end);
    tcase_add_test(tc, bounds);
    tcase_add_test(tc, anchors);

    suite_add_tcase(s, tc);

    return s;
}
