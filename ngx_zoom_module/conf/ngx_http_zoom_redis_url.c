#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_redis_url.h"
#include "ngx_http_zoom_resolver.h"
#include "ngx_http_zoom_url.h"


#define NGX_HTTP_ZOOM_REDIS_PORT        6379
#define NGX_HTTP_ZOOM_REDIS_SENTINELS   26379
#define NGX_HTTP_ZOOM_REDIS_DB_MAX      1023
#define NGX_HTTP_ZOOM_REDIS_PLACES_MAX  16
#define NGX_HTTP_ZOOM_REDIS_MASTER_MAX  64


static ngx_int_t ngx_http_zoom_redis_scheme(ngx_conf_t *cf,
    const ngx_str_t *value);
static ngx_int_t ngx_http_zoom_redis_built(ngx_conf_t *cf,
    const ngx_str_t *value);
static ngx_int_t ngx_http_zoom_redis_places(ngx_conf_t *cf,
    ngx_http_zoom_redis_conf_t *redis, ngx_str_t *list);
static ngx_int_t ngx_http_zoom_redis_host(ngx_conf_t *cf,
    ngx_http_zoom_redis_conf_t *redis, const ngx_str_t *text);
static ngx_uint_t ngx_http_zoom_redis_numeric(const ngx_str_t *host);
static ngx_int_t ngx_http_zoom_redis_master(ngx_conf_t *cf,
    ngx_http_zoom_redis_conf_t *redis, ngx_str_t *path);
static ngx_int_t ngx_http_zoom_redis_db(ngx_conf_t *cf, const ngx_str_t *path,
    ngx_http_zoom_redis_conf_t *redis);


#define ngx_http_zoom_redis_begins(value, text)                               \
    ((value)->len >= sizeof(text) - 1                                         \
     && ngx_strncmp((value)->data, text, sizeof(text) - 1) == 0)


ngx_uint_t
ngx_http_zoom_redis_named(const ngx_str_t *value)
{
    return ngx_http_zoom_redis_begins(value, "redis")
           || ngx_http_zoom_redis_begins(value, "valkey");
}


ngx_http_zoom_redis_conf_t *
ngx_http_zoom_redis_url(ngx_conf_t *cf, ngx_str_t *value)
{
    u_char                      *p, *last;
    ngx_str_t                    list, path;
    ngx_http_zoom_redis_conf_t  *redis;

    if (ngx_http_zoom_redis_scheme(cf, value) != NGX_OK
        || ngx_http_zoom_redis_built(cf, value) != NGX_OK)
    {
        return NULL;
    }

    redis = ngx_pcalloc(cf->pool, sizeof(ngx_http_zoom_redis_conf_t));
    if (redis == NULL) {
        return NULL;
    }

    redis->url = *value;
    redis->file = cf->conf_file->file.name.data;
    redis->line = cf->conf_file->line;
    redis->timeout = NGX_CONF_UNSET_MSEC;
    redis->tls = ngx_http_zoom_redis_begins(value, "rediss:");
    redis->sentinels = ngx_http_zoom_redis_begins(value, "redis+sentinel:");

    last = value->data + value->len;

    list.data = ngx_strlchr(value->data, last, ':') + sizeof("://") - 1;
    p = ngx_strlchr(list.data, last, '/');
    list.len = (p ? p : last) - list.data;

    path.data = p ? p : last;
    path.len = last - path.data;

    if (ngx_http_zoom_redis_places(cf, redis, &list) != NGX_OK
        || ngx_http_zoom_redis_master(cf, redis, &path) != NGX_OK
        || ngx_http_zoom_redis_db(cf, &path, redis) != NGX_OK)
    {
        return NULL;
    }

    return redis;
}


/* What would hold a password is never quoted. */

static ngx_int_t
ngx_http_zoom_redis_scheme(ngx_conf_t *cf, const ngx_str_t *value)
{
    if (ngx_strlchr(value->data, value->data + value->len, '@')) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the URL of \"zoom_store\" must not hold a user or "
                           "a password, use \"user=\" and \"password=\"");
        return NGX_ERROR;
    }

    if (ngx_http_zoom_redis_begins(value, "redis://")
        || ngx_http_zoom_redis_begins(value, "rediss://")
        || ngx_http_zoom_redis_begins(value, "redis+sentinel://"))
    {
        return NGX_OK;
    }

    if (ngx_http_zoom_redis_begins(value, "rediss+sentinel://")) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "there is no \"rediss+sentinel://\": TLS and "
                           "Sentinel do not go together, use \"rediss://\" "
                           "or \"redis+sentinel://\"");
        return NGX_ERROR;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid store \"%V\", it must be "
                       "\"redis://host[:port][/database]\", \"rediss://\" "
                       "with TLS, or \"redis+sentinel://host[:port][,...]"
                       "/name[/database]\", for Valkey as well", value);

    return NGX_ERROR;
}


static ngx_int_t
ngx_http_zoom_redis_built(ngx_conf_t *cf, const ngx_str_t *value)
{
#if !(NGX_HTTP_ZOOM_HIREDIS)

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "this module was built without hiredis, which a "
                       "\"zoom_store\" in Redis needs: build it where "
                       "libhiredis-dev is installed, or use "
                       "\"sqlite:/path/to/store.db\"");

    return NGX_ERROR;

#else

#if !(NGX_HTTP_ZOOM_HIREDIS_SSL)

    if (ngx_http_zoom_redis_begins(value, "rediss:")) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "this module was built without hiredis_ssl, which "
                           "\"rediss://\" needs: build it where there is "
                           "hiredis 1.0 or later (Debian 13 has it, Debian 12 "
                           "has not), or use \"redis://\" in a network of "
                           "your own, or through stunnel on this host");
        return NGX_ERROR;
    }

#endif

    return NGX_OK;

#endif
}


static ngx_int_t
ngx_http_zoom_redis_places(ngx_conf_t *cf, ngx_http_zoom_redis_conf_t *redis,
    ngx_str_t *list)
{
    u_char      *p, *last;
    ngx_str_t    text;
    ngx_uint_t   n;

    n = redis->sentinels ? NGX_HTTP_ZOOM_REDIS_PLACES_MAX : 1;
    last = list->data + list->len;

    if (!redis->sentinels && ngx_strlchr(list->data, last, ',')) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "several hosts in the store \"%V\": name the one "
                           "that is the primary, or the sentinels that know "
                           "it, as \"redis+sentinel://host[:port][,...]"
                           "/name[/database]\"", &redis->url);
        return NGX_ERROR;
    }

    redis->places = ngx_pcalloc(cf->pool,
                                n * sizeof(ngx_http_zoom_redis_place_t));
    if (redis->places == NULL) {
        return NGX_ERROR;
    }

    text = *list;

    for ( ;; ) {
        p = redis->sentinels ? ngx_strlchr(text.data, last, ',') : NULL;
        text.len = (p ? p : last) - text.data;

        if (redis->nplaces == n) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "too many sentinels in the store \"%V\", there "
                               "may be %d", &redis->url,
                               NGX_HTTP_ZOOM_REDIS_PLACES_MAX);
            return NGX_ERROR;
        }

        if (ngx_http_zoom_redis_host(cf, redis, &text) != NGX_OK) {
            return NGX_ERROR;
        }

        if (p == NULL) {
            return NGX_OK;
        }

        text.data = p + 1;
    }
}


static ngx_int_t
ngx_http_zoom_redis_host(ngx_conf_t *cf, ngx_http_zoom_redis_conf_t *redis,
    const ngx_str_t *text)
{
    ngx_url_t                     u;
    ngx_http_zoom_redis_place_t  *place;

    ngx_memzero(&u, sizeof(ngx_url_t));

    u.url = *text;
    u.default_port = redis->sentinels ? NGX_HTTP_ZOOM_REDIS_SENTINELS
                                      : NGX_HTTP_ZOOM_REDIS_PORT;
    u.no_resolve = 1;

    if (ngx_parse_url(cf->pool, &u) != NGX_OK || u.host.len == 0
        || u.family == AF_UNIX)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "%s in the store \"%V\", it must be \"%s\"",
                           u.err ? u.err : "no host", &redis->url,
                           redis->sentinels
                           ? "redis+sentinel://host[:port][,host[:port]...]"
                             "/name[/database]"
                           : redis->tls ? "rediss://host[:port][/database]"
                                        : "redis://host[:port][/database]");
        return NGX_ERROR;
    }

    if (u.host.data[0] == '[') {
        u.host.data++;
        u.host.len -= 2;
    }

    place = &redis->places[redis->nplaces++];

    place->port = u.port;
    place->host.len = u.host.len;
    place->host.data = ngx_pnalloc(cf->pool, u.host.len + 1);

    if (place->host.data == NULL) {
        return NGX_ERROR;
    }

    ngx_cpystrn(place->host.data, u.host.data, u.host.len + 1);

    if (!ngx_http_zoom_redis_literal(&place->host)
        && ngx_http_zoom_redis_numeric(&place->host))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid address \"%V\" in the store \"%V\", it "
                           "must be four numbers from 0 to 255 without leading "
                           "zeros, such as \"127.0.0.1\", or an IPv6 address "
                           "in brackets, such as \"[::1]\"",
                           &place->host, &redis->url);
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* No name is like that: one has letters in its last part. */

static ngx_uint_t
ngx_http_zoom_redis_numeric(const ngx_str_t *host)
{
    u_char  *p, *last;

    last = host->data + host->len;

    if (ngx_strlchr(host->data, last, ':')) {
        return 1;
    }

    if (host->len && last[-1] == '.') {
        last--;
    }

    for (p = last; p > host->data && p[-1] != '.'; p--) {
        if (p[-1] < '0' || p[-1] > '9') {
            return 0;
        }
    }

    return 1;
}


/* /name, and leaves the rest of the path. */

static ngx_int_t
ngx_http_zoom_redis_master(ngx_conf_t *cf, ngx_http_zoom_redis_conf_t *redis,
    ngx_str_t *path)
{
    u_char     *p, *last;
    ngx_str_t   name;

    if (!redis->sentinels) {
        return NGX_OK;
    }

    ngx_str_null(&name);

    last = path->data + path->len;

    if (path->len) {
        name.data = path->data + 1;
        p = ngx_strlchr(name.data, last, '/');
        name.len = (p ? p : last) - name.data;

        path->data = p ? p : last;
        path->len = last - path->data;
    }

    if (!ngx_http_zoom_name(&name, "-.", NGX_HTTP_ZOOM_REDIS_MASTER_MAX)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid name \"%V\" in the store \"%V\", it must "
                           "be what the sentinels call the master, 1 to %d "
                           "letters, digits, \"_\", \"-\" or \".\", such as "
                           "in \"redis+sentinel://127.0.0.1:26379/mymaster\"",
                           &name, &redis->url,
                           NGX_HTTP_ZOOM_REDIS_MASTER_MAX);
        return NGX_ERROR;
    }

    redis->master.len = name.len;
    redis->master.data = ngx_pnalloc(cf->pool, name.len + 1);

    if (redis->master.data == NULL) {
        return NGX_ERROR;
    }

    ngx_cpystrn(redis->master.data, name.data, name.len + 1);

    return NGX_OK;
}


static ngx_int_t
ngx_http_zoom_redis_db(ngx_conf_t *cf, const ngx_str_t *path,
    ngx_http_zoom_redis_conf_t *redis)
{
    ngx_int_t  n;

    if (path->len < 2) {
        return NGX_OK;
    }

    n = ngx_atoi(path->data + 1, path->len - 1);

    if (n == NGX_ERROR || n > NGX_HTTP_ZOOM_REDIS_DB_MAX) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid database \"%V\" in the store \"%V\", it "
                           "must be a number from 0 to %d, such as in "
                           "\"redis://127.0.0.1:6379/1\"", path,
                           &redis->url, NGX_HTTP_ZOOM_REDIS_DB_MAX);
        return NGX_ERROR;
    }

    redis->db = n;

    return NGX_OK;
}


char *
ngx_http_zoom_redis_find(ngx_conf_t *cf, ngx_http_zoom_redis_conf_t *redis)
{
    ngx_url_t                     u;
    ngx_msec_t                    timeout;
    ngx_uint_t                    i;
    ngx_http_zoom_redis_place_t  *place;

    redis->resolver = ngx_http_zoom_resolver(cf, &timeout);

    for (i = 0; i < redis->nplaces; i++) {
        place = &redis->places[i];

        if (redis->resolver || ngx_http_zoom_redis_literal(&place->host)) {
            continue;
        }

        ngx_memzero(&u, sizeof(ngx_url_t));

        u.host = place->host;
        u.port = place->port;

        if (ngx_inet_resolve_host(cf->pool, &u) != NGX_OK) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "%s \"%V\" in the store \"%V\" in %s:%ui; with a "
                          "\"resolver\" in the http block it is looked up "
                          "while nginx runs", u.err ? u.err : "no address of",
                          &place->host, &redis->url, redis->file, redis->line);
            return NGX_CONF_ERROR;
        }

        place->addrs = u.addrs;
        place->naddrs = u.naddrs;
    }

    return NGX_CONF_OK;
}
