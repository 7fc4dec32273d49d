/*
 * Strings in the sandbox: searches that count their steps, and repetitions
 * that stay below a bound.
 */

#include "ngx_http_zoom_lua_sandbox.h"
#include "ngx_http_zoom_lua_view.h"
#include "ngx_http_zoom_lua_vm.h"
#include "zoom_lua_pattern.h"


static int ngx_http_zoom_lua_find(lua_State *L);
static int ngx_http_zoom_lua_match(lua_State *L);
static int ngx_http_zoom_lua_scan(lua_State *L);
static int ngx_http_zoom_lua_plain(const char *pattern, size_t len);
static int ngx_http_zoom_lua_find_plain(lua_State *L, size_t from);
static int ngx_http_zoom_lua_search(lua_State *L, size_t from, int anchors,
    zoom_lua_match_t *match, ngx_uint_t *captures);
static size_t ngx_http_zoom_lua_init(lua_State *L, int index, size_t len);
static int ngx_http_zoom_lua_captures(lua_State *L, zoom_lua_match_t *match,
    ngx_uint_t n, ngx_uint_t whole);
static int ngx_http_zoom_lua_expand(lua_State *L);
static int ngx_http_zoom_lua_rep(lua_State *L);
static int ngx_http_zoom_lua_concat(lua_State *L);


static const luaL_Reg  ngx_http_zoom_lua_strings[] = {
    { "find", ngx_http_zoom_lua_find },
    { "match", ngx_http_zoom_lua_match },
    { "scan", ngx_http_zoom_lua_scan },
    { "expand", ngx_http_zoom_lua_expand },
    { NULL, NULL }
};


void
ngx_http_zoom_lua_string(lua_State *L, int primitives)
{
    const luaL_Reg  *reg;

    for (reg = ngx_http_zoom_lua_strings; reg->name; reg++) {
        lua_pushcfunction(L, reg->func);
        lua_setfield(L, primitives, reg->name);
    }

    /* these two stand on LuaJIT's own */

    lua_getfield(L, primitives, "rep");
    lua_pushcclosure(L, ngx_http_zoom_lua_rep, 1);
    lua_setfield(L, primitives, "rep");

    lua_getfield(L, primitives, "concat");
    lua_pushcclosure(L, ngx_http_zoom_lua_concat, 1);
    lua_setfield(L, primitives, "concat");
}


/* find(s, pattern, init, plain) */

static int
ngx_http_zoom_lua_find(lua_State *L)
{
    size_t             len, from, size;
    ngx_uint_t         n;
    const char        *pattern;
    zoom_lua_match_t   match;

    (void) luaL_checklstring(L, 1, &len);
    pattern = luaL_checklstring(L, 2, &size);

    from = ngx_http_zoom_lua_init(L, 3, len);

    if (from > len) {
        lua_pushnil(L);
        return 1;
    }

    if (lua_toboolean(L, 4) || ngx_http_zoom_lua_plain(pattern, size)) {
        return ngx_http_zoom_lua_find_plain(L, from);
    }

    if (!ngx_http_zoom_lua_search(L, from, 1, &match, &n)) {
        lua_pushnil(L);
        return 1;
    }

    lua_pushinteger(L, match.start + 1);
    lua_pushinteger(L, match.end);

    return 2 + ngx_http_zoom_lua_captures(L, &match, n, 0);
}


static int
ngx_http_zoom_lua_plain(const char *pattern, size_t len)
{
    size_t  i;

    for (i = 0; i < len; i++) {
        if (pattern[i] && strchr("^$*+?.([%-)", pattern[i])) {
            return 0;
        }
    }

    return 1;
}


/* In linear time, which LuaJIT's own does not promise. */

static int
ngx_http_zoom_lua_find_plain(lua_State *L, size_t from)
{
    size_t       len, n;
    const char  *s, *what, *p;

    s = lua_tolstring(L, 1, &len);
    what = lua_tolstring(L, 2, &n);

    ngx_http_zoom_lua_vm_spend(L, (len - from) / 16);

    p = n ? memmem(s + from, len - from, what, n) : s + from;

    if (p == NULL) {
        lua_pushnil(L);
        return 1;
    }

    lua_pushinteger(L, p - s + 1);
    lua_pushinteger(L, p - s + n);

    return 2;
}


/* match(s, pattern, init) */

static int
ngx_http_zoom_lua_match(lua_State *L)
{
    size_t            len, from;
    ngx_uint_t        n;
    zoom_lua_match_t  match;

    (void) luaL_checklstring(L, 1, &len);
    (void) luaL_checkstring(L, 2);

    from = ngx_http_zoom_lua_init(L, 3, len);

    if (from > len || !ngx_http_zoom_lua_search(L, from, 1, &match, &n)) {
        lua_pushnil(L);
        return 1;
    }

    return ngx_http_zoom_lua_captures(L, &match, n, 1);
}


/* scan(s, pattern, init, anchors): from, to and captures, one at least */

static int
ngx_http_zoom_lua_scan(lua_State *L)
{
    size_t            len, from;
    ngx_uint_t        n;
    zoom_lua_match_t  match;

    (void) luaL_checklstring(L, 1, &len);
    (void) luaL_checkstring(L, 2);

    from = ngx_http_zoom_lua_init(L, 3, len);

    if (from > len
        || !ngx_http_zoom_lua_search(L, from, lua_toboolean(L, 4), &match,
                                     &n))
    {
        lua_pushnil(L);
        return 1;
    }

    lua_pushinteger(L, match.start + 1);
    lua_pushinteger(L, match.end);

    return 2 + ngx_http_zoom_lua_captures(L, &match, n, 1);
}


static int
ngx_http_zoom_lua_search(lua_State *L, size_t from, int anchors,
    zoom_lua_match_t *match, ngx_uint_t *captures)
{
    int                 rc;
    size_t              len, n;
    const char         *s, *text, *why;
    zoom_lua_pattern_t  pattern;

    s = lua_tolstring(L, 1, &len);
    text = lua_tolstring(L, 2, &n);

    why = zoom_lua_pattern_read(&pattern, text, n, anchors);

    if (why) {
        return luaL_error(L, "%s", why);
    }

    rc = zoom_lua_pattern_find(&pattern, s, len, from, match,
                               &ngx_http_zoom_lua_vm(L)->steps);

    if (rc == -1) {
        ngx_http_zoom_lua_vm_spend(L, 1);
    }

    *captures = pattern.ncaptures;

    return rc == 1;
}


/* From 0; above "len" where that is beyond the end. */

static size_t
ngx_http_zoom_lua_init(lua_State *L, int index, size_t len)
{
    lua_Number  n;

    n = luaL_optnumber(L, index, 1);

    if (n < 0) {
        n += len;
        return n < 0 ? 0 : (size_t) n;
    }

    if (!(n <= (lua_Number) len + 1)) {
        return len + 1;
    }

    return n < 1 ? 0 : (size_t) n - 1;
}


static int
ngx_http_zoom_lua_captures(lua_State *L, zoom_lua_match_t *match,
    ngx_uint_t n, ngx_uint_t whole)
{
    ngx_uint_t           i;
    const char          *s;
    zoom_lua_capture_t  *capture;

    s = lua_tostring(L, 1);

    if (n == 0 && whole) {
        lua_pushlstring(L, s + match->start, match->end - match->start);
        return 1;
    }

    luaL_checkstack(L, n, "too many captures");

    for (i = 0; i < n; i++) {
        capture = &match->captures[i];

        if (capture->len == ZOOM_LUA_POSITION) {
            lua_pushinteger(L, capture->start + 1);

        } else {
            lua_pushlstring(L, s + capture->start, capture->len);
        }
    }

    return n;
}


/* expand(replacement, whole, captures...) */

static int
ngx_http_zoom_lua_expand(lua_State *L)
{
    int          index;
    size_t       i, len;
    const char  *text;
    luaL_Buffer  b;

    text = luaL_checklstring(L, 1, &len);

    if (memchr(text, '%', len) == NULL) {
        lua_settop(L, 1);
        return 1;
    }

    ngx_http_zoom_lua_vm_spend(L, len / 4);
    luaL_buffinit(L, &b);

    /* the buffer keeps pieces on the stack: indices are from its bottom */

    index = lua_gettop(L);

    for (i = 0; i < len; i++) {

        if (text[i] != '%' || ++i == len) {
            luaL_addchar(&b, text[i < len ? i : len - 1]);
            continue;
        }

        if (text[i] < '0' || text[i] > '9') {
            luaL_addchar(&b, text[i]);
            continue;
        }

        if (text[i] - '0' + 2 > index) {
            return luaL_error(L, "invalid capture index");
        }

        lua_pushvalue(L, text[i] - '0' + 2);
        luaL_addvalue(&b);
    }

    luaL_pushresult(&b);

    return 1;
}


/* rep(s, n, separator): its own is the upvalue */

static int
ngx_http_zoom_lua_rep(lua_State *L)
{
    size_t      len, more;
    lua_Number  n;

    (void) luaL_checklstring(L, 1, &len);
    n = luaL_checknumber(L, 2);

    more = 0;
    (void) luaL_optlstring(L, 3, "", &more);

    if (n > 0 && n * (len + more) > ngx_http_zoom_lua_vm(L)->block) {
        return luaL_error(L, "resulting string too large");
    }

    if (n <= 0 || len + more == 0) {
        lua_pushliteral(L, "");
        return 1;
    }

    ngx_http_zoom_lua_vm_spend(L, (int64_t) n);

    lua_settop(L, 3);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);

    if (lua_isnil(L, 4)) {
        lua_pop(L, 1);
    }

    lua_call(L, lua_gettop(L) - 1, 1);

    return 1;
}


/* concat(t, separator, i, j): likewise, and for views */

static int
ngx_http_zoom_lua_concat(lua_State *L)
{
    if (ngx_http_zoom_lua_table(L, 1)) {
        ngx_http_zoom_lua_vm_spend(L, lua_objlen(L, -1));
        lua_replace(L, 1);
    }

    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, 1);

    return 1;
}
