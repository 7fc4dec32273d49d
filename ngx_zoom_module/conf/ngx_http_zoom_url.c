/*
 * URLs and names of the configuration.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_url.h"
#include "zoom_addr.h"


#define ngx_http_zoom_isalnum(c)                                              \
    (((c) >= '0' && (c) <= '9') || (((c) | 0x20) >= 'a' && ((c) | 0x20) <= 'z'))


static const char *ngx_http_zoom_url_parse(ngx_pool_t *pool, ngx_str_t *url,
    ngx_http_zoom_origin_t *origin, ngx_str_t *rest);
static const char *ngx_http_zoom_url_host(ngx_http_zoom_origin_t *origin,
    ngx_str_t *rest);
static ngx_uint_t ngx_http_zoom_url_has_user(const ngx_str_t *rest);
static const char *ngx_http_zoom_url_inet6(ngx_http_zoom_origin_t *origin,
    ngx_str_t *rest);
static const char *ngx_http_zoom_url_inet(ngx_http_zoom_origin_t *origin);
static const char *ngx_http_zoom_url_port(ngx_http_zoom_origin_t *origin,
    ngx_str_t *rest);
static const char *ngx_http_zoom_url_path(ngx_str_t *path);
static ngx_uint_t ngx_http_zoom_url_loopback(ngx_http_zoom_origin_t *origin);


const char *
ngx_http_zoom_url(ngx_pool_t *pool, ngx_str_t *url,
    ngx_http_zoom_origin_t *origin)
{
    ngx_str_t    path;
    const char  *why;

    why = ngx_http_zoom_url_parse(pool, url, origin, &path);

    if (why) {
        return why;
    }

    if (!origin->https && !ngx_http_zoom_url_loopback(origin)) {
        return "must be https, or http to a literal loopback address";
    }

    if (origin->port == 0) {
        origin->port = origin->https ? 443 : 80;
    }

    why = ngx_http_zoom_url_path(&path);

    if (why) {
        return why;
    }

    if (path.len && path.data[path.len - 1] == '/') {
        origin->url.data[--origin->url.len] = '\0';
        path.len--;
    }

    origin->path = path;

    return NULL;
}


const char *
ngx_http_zoom_proxy_url(ngx_pool_t *pool, ngx_str_t *url,
    ngx_http_zoom_origin_t *origin)
{
    ngx_str_t    rest;
    const char  *why;

    /* over https there would be TLS to the proxy, and TLS to Zoom in that */

    if (ngx_strncmp(url->data, "http://", 7) != 0) {
        return "must be \"http://HOST:PORT\", of a proxy that knows CONNECT";
    }

    why = ngx_http_zoom_url_parse(pool, url, origin, &rest);

    if (why) {
        return why;
    }

    if (origin->port == 0) {
        return "has no port";
    }

    if (rest.len == 1 && rest.data[0] == '/') {
        origin->url.data[--origin->url.len] = '\0';
        rest.len--;
    }

    return rest.len ? "must have no path" : NULL;
}


const char *
ngx_http_zoom_url_addrs(ngx_pool_t *pool, const ngx_str_t *host,
    in_port_t port, ngx_addr_t **addrs, ngx_uint_t *naddrs)
{
    ngx_url_t  u;

    ngx_memzero(&u, sizeof(ngx_url_t));

    u.default_port = port;

    u.url.len = host->len + 2;
    u.url.data = ngx_pnalloc(pool, u.url.len);
    if (u.url.data == NULL) {
        return "needs memory";
    }

    if (ngx_strlchr(host->data, host->data + host->len, ':')) {
        ngx_sprintf(u.url.data, "[%V]", host);

    } else {
        ngx_sprintf(u.url.data, "%V", host);
        u.url.len = host->len;
    }

    if (ngx_parse_url(pool, &u) != NGX_OK) {
        return u.err ? u.err : "could not be looked up";
    }

    *addrs = u.addrs;
    *naddrs = u.naddrs;

    return NULL;
}


ngx_uint_t
ngx_http_zoom_url_literal(const ngx_str_t *host)
{
#if (NGX_HAVE_INET6)
    u_char  addr[16];

    if (ngx_inet6_addr(host->data, host->len, addr) == NGX_OK) {
        return 1;
    }
#endif

    return ngx_inet_addr(host->data, host->len) != INADDR_NONE;
}


ngx_uint_t
ngx_http_zoom_url_public(const struct sockaddr *sa)
{
    const struct sockaddr_in   *sin;
#if (NGX_HAVE_INET6)
    const struct sockaddr_in6  *sin6;
#endif

    switch (sa->sa_family) {

    case AF_INET:
        sin = (const struct sockaddr_in *) sa;
        return zoom_addr_public4((const u_char *) &sin->sin_addr);

#if (NGX_HAVE_INET6)
    case AF_INET6:
        sin6 = (const struct sockaddr_in6 *) sa;
        return zoom_addr_public6((const u_char *) &sin6->sin6_addr);
#endif

    default:
        return 0;
    }
}


/* Everything up to the path; port 0 is none. */

static const char *
ngx_http_zoom_url_parse(ngx_pool_t *pool, ngx_str_t *url,
    ngx_http_zoom_origin_t *origin, ngx_str_t *rest)
{
    size_t       i;
    const char  *why;

    ngx_memzero(origin, sizeof(ngx_http_zoom_origin_t));

    if (url->len > NGX_HTTP_ZOOM_URL_MAX) {
        return "is too long";
    }

    for (i = 0; i < url->len; i++) {
        if (url->data[i] <= ' ' || url->data[i] >= 0x7f) {
            return "has spaces or characters outside ASCII";
        }
    }

    origin->url.len = url->len;
    origin->url.data = ngx_pnalloc(pool, url->len + 1);
    if (origin->url.data == NULL) {
        return "needs memory";
    }

    ngx_memcpy(origin->url.data, url->data, url->len);
    origin->url.data[url->len] = '\0';

    *rest = origin->url;

    if (rest->len > 8 && ngx_strncmp(rest->data, "https://", 8) == 0) {
        origin->https = 1;
        rest->data += 8;
        rest->len -= 8;

    } else if (rest->len > 7 && ngx_strncmp(rest->data, "http://", 7) == 0) {
        rest->data += 7;
        rest->len -= 7;

    } else {
        return "must start with \"https://\"";
    }

    why = ngx_http_zoom_url_host(origin, rest);

    return why ? why : ngx_http_zoom_url_port(origin, rest);
}


static const char *
ngx_http_zoom_url_host(ngx_http_zoom_origin_t *origin, ngx_str_t *rest)
{
    u_char      c;
    size_t      i;
    ngx_uint_t  digit;

    if (ngx_http_zoom_url_has_user(rest)) {
        return "must have no user and password";
    }

    if (rest->data[0] == '[') {
        return ngx_http_zoom_url_inet6(origin, rest);
    }

    digit = 0;

    for (i = 0; i < rest->len; i++) {
        c = rest->data[i];

        if (c == ':' || c == '/' || c == '?' || c == '#') {
            break;
        }

        if (!ngx_http_zoom_isalnum(c) && c != '.' && c != '-' && c != '_') {
            return "has an invalid host";
        }

        rest->data[i] = ngx_tolower(c);

        if (i == 0 || rest->data[i - 1] == '.') {
            digit = (c >= '0' && c <= '9');
        }
    }

    if (i == 0 || i > 253 || rest->data[0] == '.' || rest->data[0] == '-') {
        return "has an invalid host";
    }

    origin->host.data = rest->data;
    origin->host.len = i;

    rest->data += i;
    rest->len -= i;

    /* no host name ends in such a label, but odd spellings of addresses do */

    return digit ? ngx_http_zoom_url_inet(origin) : NULL;
}


static ngx_uint_t
ngx_http_zoom_url_has_user(const ngx_str_t *rest)
{
    size_t  i;

    for (i = 0; i < rest->len && rest->data[i] != '/'; i++) {
        if (rest->data[i] == '@') {
            return 1;
        }
    }

    return 0;
}


static const char *
ngx_http_zoom_url_inet6(ngx_http_zoom_origin_t *origin, ngx_str_t *rest)
{
#if (NGX_HAVE_INET6)
    u_char  *p, addr[16];

    p = ngx_strlchr(rest->data, rest->data + rest->len, ']');

    if (p == NULL) {
        return "has an invalid address";
    }

    origin->host.data = rest->data + 1;
    origin->host.len = p - origin->host.data;

    if (ngx_inet6_addr(origin->host.data, origin->host.len, addr) != NGX_OK) {
        return "has an invalid address";
    }

    ngx_strlow(origin->host.data, origin->host.data, origin->host.len);

    origin->literal = 1;

    rest->len -= p + 1 - rest->data;
    rest->data = p + 1;

    return NULL;

#else

    return "has an IPv6 address, which this nginx does not know";

#endif
}


/* Four numbers without leading zeros: curl takes others for octal. */

static const char *
ngx_http_zoom_url_inet(ngx_http_zoom_origin_t *origin)
{
    u_char              *p, text[NGX_INET_ADDRSTRLEN];
    in_addr_t            addr;
    struct sockaddr_in   sin;

    addr = ngx_inet_addr(origin->host.data, origin->host.len);

    ngx_memzero(&sin, sizeof(struct sockaddr_in));

    sin.sin_family = AF_INET;
    sin.sin_addr.s_addr = addr;

    p = text + ngx_inet_ntop(AF_INET, &sin.sin_addr, text,
                             NGX_INET_ADDRSTRLEN);

    if (addr == INADDR_NONE
        || origin->host.len != (size_t) (p - text)
        || ngx_memcmp(text, origin->host.data, origin->host.len) != 0)
    {
        return "has an invalid address";
    }

    origin->literal = 1;

    return NULL;
}


static const char *
ngx_http_zoom_url_port(ngx_http_zoom_origin_t *origin, ngx_str_t *rest)
{
    size_t     i;
    ngx_int_t  port;

    if (rest->len == 0) {
        return NULL;
    }

    if (rest->data[0] != ':') {
        return (rest->data[0] == '/') ? NULL
                                      : "must have no query and no fragment";
    }

    for (i = 1; i < rest->len && rest->data[i] != '/'; i++) { /* void */ }

    port = ngx_atoi(rest->data + 1, i - 1);

    if (port < 1 || port > 65535) {
        return "has an invalid port";
    }

    origin->port = port;

    rest->data += i;
    rest->len -= i;

    return NULL;
}


static const char *
ngx_http_zoom_url_path(ngx_str_t *path)
{
    u_char  *p, *last;

    last = path->data + path->len;

    for (p = path->data; p < last; p++) {

        if (*p == '?' || *p == '#') {
            return "must have no query and no fragment";
        }

        if (!ngx_http_zoom_isalnum(*p)
            && *p != '/' && *p != '-' && *p != '.' && *p != '_' && *p != '~')
        {
            return "has an invalid path";
        }

        /* empty segments, "." and ".." */

        if ((*p == '/' || *p == '.') && p > path->data && p[-1] == '/') {
            return "has an invalid path";
        }
    }

    return NULL;
}


static ngx_uint_t
ngx_http_zoom_url_loopback(ngx_http_zoom_origin_t *origin)
{
#if (NGX_HAVE_INET6)
    u_char           addr[16];
    struct in6_addr  loopback = IN6ADDR_LOOPBACK_INIT;
#endif

    if (!origin->literal) {
        return 0;
    }

#if (NGX_HAVE_INET6)

    if (ngx_inet6_addr(origin->host.data, origin->host.len, addr) == NGX_OK) {
        return ngx_memcmp(addr, &loopback, 16) == 0;
    }

#endif

    return (ntohl(ngx_inet_addr(origin->host.data, origin->host.len)) >> 24)
           == 127;
}


ngx_uint_t
ngx_http_zoom_name(ngx_str_t *s, const char *others, size_t max)
{
    size_t       i;
    const char  *p;

    if (s->len == 0 || s->len > max) {
        return 0;
    }

    for (i = 0; i < s->len; i++) {

        if (ngx_http_zoom_isalnum(s->data[i]) || s->data[i] == '_') {
            continue;
        }

        for (p = others; *p && s->data[i] != (u_char) *p; p++) { /* void */ }

        if (*p == '\0') {
            return 0;
        }
    }

    return 1;
}
