/*
 * JSON for routing scripts: objects and arrays become tables.  A null member
 * is left out, as Lua can't have it otherwise; null in an array is false, so
 * that what follows keeps its place.
 */

#include "ngx_http_zoom_lua_lib.h"
#include "ngx_http_zoom_lua_vm.h"

#include <math.h>


#define NGX_HTTP_ZOOM_LUA_DEPTH   32
#define NGX_HTTP_ZOOM_LUA_NUMBER  64


typedef struct {
    lua_State            *L;
    const char           *start;
    const char           *p;
    const char           *last;
    ngx_uint_t            depth;
} ngx_http_zoom_lua_json_t;


static void ngx_http_zoom_lua_json_value(ngx_http_zoom_lua_json_t *j);
static void ngx_http_zoom_lua_json_object(ngx_http_zoom_lua_json_t *j);
static void ngx_http_zoom_lua_json_array(ngx_http_zoom_lua_json_t *j);
static void ngx_http_zoom_lua_json_string(ngx_http_zoom_lua_json_t *j);
static void ngx_http_zoom_lua_json_escape(ngx_http_zoom_lua_json_t *j,
    luaL_Buffer *b);
static ngx_uint_t ngx_http_zoom_lua_json_hex(ngx_http_zoom_lua_json_t *j);
static void ngx_http_zoom_lua_json_number(ngx_http_zoom_lua_json_t *j);
static void ngx_http_zoom_lua_json_word(ngx_http_zoom_lua_json_t *j,
    const char *word);
static int ngx_http_zoom_lua_json_next(ngx_http_zoom_lua_json_t *j);
static ngx_uint_t ngx_http_zoom_lua_json_more(ngx_http_zoom_lua_json_t *j,
    int end);
static void ngx_http_zoom_lua_json_bad(ngx_http_zoom_lua_json_t *j);


void
ngx_http_zoom_lua_json(lua_State *L, const char *text, size_t len)
{
    ngx_http_zoom_lua_json_t  j;

    ngx_http_zoom_lua_vm_spend(L, len);

    j.L = L;
    j.start = text;
    j.p = text;
    j.last = text + len;
    j.depth = 0;

    luaL_checkstack(L, 4 * NGX_HTTP_ZOOM_LUA_DEPTH, "no room");

    ngx_http_zoom_lua_json_value(&j);

    if (ngx_http_zoom_lua_json_next(&j) != -1) {
        ngx_http_zoom_lua_json_bad(&j);
    }
}


static void
ngx_http_zoom_lua_json_value(ngx_http_zoom_lua_json_t *j)
{
    switch (ngx_http_zoom_lua_json_next(j)) {

    case '{':
        ngx_http_zoom_lua_json_object(j);
        return;

    case '[':
        ngx_http_zoom_lua_json_array(j);
        return;

    case '"':
        ngx_http_zoom_lua_json_string(j);
        return;

    case 't':
        ngx_http_zoom_lua_json_word(j, "true");
        lua_pushboolean(j->L, 1);
        return;

    case 'f':
        ngx_http_zoom_lua_json_word(j, "false");
        lua_pushboolean(j->L, 0);
        return;

    case 'n':
        ngx_http_zoom_lua_json_word(j, "null");
        lua_pushnil(j->L);
        return;

    default:
        ngx_http_zoom_lua_json_number(j);
    }
}


static void
ngx_http_zoom_lua_json_object(ngx_http_zoom_lua_json_t *j)
{
    if (++j->depth > NGX_HTTP_ZOOM_LUA_DEPTH) {
        luaL_error(j->L, "JSON: too deep");
    }

    lua_newtable(j->L);
    j->p++;

    if (ngx_http_zoom_lua_json_next(j) == '}') {
        j->p++;
        j->depth--;
        return;
    }

    do {
        if (ngx_http_zoom_lua_json_next(j) != '"') {
            ngx_http_zoom_lua_json_bad(j);
        }

        ngx_http_zoom_lua_json_string(j);

        lua_pushvalue(j->L, -1);
        lua_rawget(j->L, -3);

        if (!lua_isnil(j->L, -1)) {
            luaL_error(j->L, "JSON: \"%s\" stands twice in an object",
                       lua_tostring(j->L, -2));
        }

        lua_pop(j->L, 1);

        if (ngx_http_zoom_lua_json_next(j) != ':') {
            ngx_http_zoom_lua_json_bad(j);
        }

        j->p++;

        ngx_http_zoom_lua_json_value(j);
        lua_rawset(j->L, -3);

    } while (ngx_http_zoom_lua_json_more(j, '}'));

    j->depth--;
}


static void
ngx_http_zoom_lua_json_array(ngx_http_zoom_lua_json_t *j)
{
    int  n;

    if (++j->depth > NGX_HTTP_ZOOM_LUA_DEPTH) {
        luaL_error(j->L, "JSON: too deep");
    }

    lua_newtable(j->L);
    j->p++;
    n = 0;

    if (ngx_http_zoom_lua_json_next(j) == ']') {
        j->p++;
        j->depth--;
        return;
    }

    do {
        ngx_http_zoom_lua_json_value(j);

        if (lua_isnil(j->L, -1)) {
            lua_pop(j->L, 1);
            lua_pushboolean(j->L, 0);
        }

        lua_rawseti(j->L, -2, ++n);

    } while (ngx_http_zoom_lua_json_more(j, ']'));

    j->depth--;
}


/* 1 after a comma, 0 after the end. */

static ngx_uint_t
ngx_http_zoom_lua_json_more(ngx_http_zoom_lua_json_t *j, int end)
{
    int  c;

    c = ngx_http_zoom_lua_json_next(j);

    if (c != ',' && c != end) {
        ngx_http_zoom_lua_json_bad(j);
    }

    j->p++;

    return c == ',';
}


static void
ngx_http_zoom_lua_json_string(ngx_http_zoom_lua_json_t *j)
{
    const char   *from;
    luaL_Buffer   b;

    from = ++j->p;

    while (j->p < j->last && *j->p != '"' && *j->p != '\\'
           && (u_char) *j->p >= ' ')
    {
        j->p++;
    }

    if (j->p < j->last && *j->p == '"') {
        lua_pushlstring(j->L, from, j->p - from);
        j->p++;
        return;
    }

    luaL_buffinit(j->L, &b);
    luaL_addlstring(&b, from, j->p - from);

    for ( ;; ) {

        if (j->p == j->last || (u_char) *j->p < ' ') {
            ngx_http_zoom_lua_json_bad(j);
        }

        if (*j->p == '"') {
            break;
        }

        if (*j->p == '\\') {
            ngx_http_zoom_lua_json_escape(j, &b);
            continue;
        }

        luaL_addchar(&b, *j->p++);
    }

    j->p++;
    luaL_pushresult(&b);
}


static void
ngx_http_zoom_lua_json_escape(ngx_http_zoom_lua_json_t *j, luaL_Buffer *b)
{
    size_t       n;
    ngx_uint_t   c, low;
    const char  *e;
    char         utf8[4];

    static const char  escapes[] = "\"\"\\\\//b\bf\fn\nr\rt\t";

    if (++j->p == j->last) {
        ngx_http_zoom_lua_json_bad(j);
    }

    if (*j->p != 'u') {

        for (e = escapes; *e && *e != *j->p; e += 2) { /* void */ }

        if (*e == '\0') {
            ngx_http_zoom_lua_json_bad(j);
        }

        luaL_addchar(b, e[1]);
        j->p++;
        return;
    }

    c = ngx_http_zoom_lua_json_hex(j);

    if (c >= 0xd800 && c < 0xdc00 && j->last - j->p >= 6 && j->p[0] == '\\'
        && j->p[1] == 'u')
    {
        j->p++;
        low = ngx_http_zoom_lua_json_hex(j);

        if (low < 0xdc00 || low > 0xdfff) {
            ngx_http_zoom_lua_json_bad(j);
        }

        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    }

    if (c >= 0xd800 && c < 0xe000) {
        ngx_http_zoom_lua_json_bad(j);
    }

    if (c < 0x80) {
        utf8[0] = (char) c;
        n = 1;

    } else if (c < 0x800) {
        utf8[0] = (char) (0xc0 | (c >> 6));
        n = 2;

    } else if (c < 0x10000) {
        utf8[0] = (char) (0xe0 | (c >> 12));
        utf8[1] = (char) (0x80 | ((c >> 6) & 0x3f));
        n = 3;

    } else {
        utf8[0] = (char) (0xf0 | (c >> 18));
        utf8[1] = (char) (0x80 | ((c >> 12) & 0x3f));
        utf8[2] = (char) (0x80 | ((c >> 6) & 0x3f));
        n = 4;
    }

    if (n > 1) {
        utf8[n - 1] = (char) (0x80 | (c & 0x3f));
    }

    luaL_addlstring(b, utf8, n);
}


/* From the "u" on. */

static ngx_uint_t
ngx_http_zoom_lua_json_hex(ngx_http_zoom_lua_json_t *j)
{
    ngx_int_t  n;

    if (j->last - j->p < 5) {
        ngx_http_zoom_lua_json_bad(j);
    }

    n = ngx_hextoi((u_char *) j->p + 1, 4);

    if (n == NGX_ERROR) {
        ngx_http_zoom_lua_json_bad(j);
    }

    j->p += 5;

    return n;
}


/* What JSON takes for a number is what strtod() takes, and less. */

static void
ngx_http_zoom_lua_json_number(ngx_http_zoom_lua_json_t *j)
{
    size_t       n;
    double       d;
    const char  *p;
    char        *end, text[NGX_HTTP_ZOOM_LUA_NUMBER];

    p = j->p;

    while (p < j->last && *p && strchr("+-0123456789.eE", *p)) {
        p++;
    }

    n = p - j->p;

    if (n == 0 || n >= sizeof(text) || *j->p == '+' || *j->p == '.'
        || p[-1] == '.')
    {
        ngx_http_zoom_lua_json_bad(j);
        return;
    }

    ngx_memcpy(text, j->p, n);
    text[n] = '\0';

    d = strtod(text, &end);

    if (end != text + n || !isfinite(d)) {
        ngx_http_zoom_lua_json_bad(j);
    }

    lua_pushnumber(j->L, d);
    j->p = p;
}


static void
ngx_http_zoom_lua_json_word(ngx_http_zoom_lua_json_t *j, const char *word)
{
    size_t  n;

    n = ngx_strlen(word);

    if ((size_t) (j->last - j->p) < n || ngx_memcmp(j->p, word, n) != 0) {
        ngx_http_zoom_lua_json_bad(j);
    }

    j->p += n;
}


/* The byte that comes after white space, or -1 at the end. */

static int
ngx_http_zoom_lua_json_next(ngx_http_zoom_lua_json_t *j)
{
    while (j->p < j->last
           && (*j->p == ' ' || *j->p == '\t' || *j->p == '\n'
               || *j->p == '\r'))
    {
        j->p++;
    }

    return j->p < j->last ? (u_char) *j->p : -1;
}


static void
ngx_http_zoom_lua_json_bad(ngx_http_zoom_lua_json_t *j)
{
    int          line;
    const char  *p;

    line = 1;

    for (p = j->start; p < j->p; p++) {
        line += (*p == '\n');
    }

    luaL_error(j->L, "JSON: line %d can't be read from its byte %d on", line,
               (int) (j->p - j->start) + 1);
}
