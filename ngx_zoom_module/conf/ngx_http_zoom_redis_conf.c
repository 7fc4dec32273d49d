#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_redis_conf.h"
#include "ngx_http_zoom_secret.h"
#include "ngx_http_zoom_url.h"


#define NGX_HTTP_ZOOM_REDIS_TIMEOUT      250
#define NGX_HTTP_ZOOM_REDIS_TIMEOUT_MIN  10
#define NGX_HTTP_ZOOM_REDIS_TIMEOUT_MAX  5000
#define NGX_HTTP_ZOOM_REDIS_DB_MAX       1023


static ngx_int_t ngx_http_zoom_redis_scheme(ngx_conf_t *cf,
    const ngx_str_t *value);
static ngx_int_t ngx_http_zoom_redis_db(ngx_conf_t *cf, const ngx_url_t *u,
    ngx_http_zoom_redis_conf_t *redis);
static ngx_int_t ngx_http_zoom_redis_conf_prefix(ngx_conf_t *cf,
    ngx_str_t *value, ngx_http_zoom_redis_conf_t *redis);
static ngx_int_t ngx_http_zoom_redis_timeout(ngx_conf_t *cf, ngx_str_t *value,
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
ngx_http_zoom_redis_place(ngx_conf_t *cf, ngx_str_t *value)
{
    ngx_url_t                    u;
    ngx_http_zoom_redis_conf_t  *redis;

    if (ngx_http_zoom_redis_scheme(cf, value) != NGX_OK) {
        return NULL;
    }

    redis = ngx_pcalloc(cf->pool, sizeof(ngx_http_zoom_redis_conf_t));
    if (redis == NULL) {
        return NULL;
    }

    redis->url = *value;
    redis->timeout = NGX_CONF_UNSET_MSEC;

    ngx_memzero(&u, sizeof(ngx_url_t));

    u.url.data = value->data + sizeof("redis://") - 1;
    u.url.len = value->len - (sizeof("redis://") - 1);
    u.default_port = NGX_HTTP_ZOOM_REDIS_PORT;
    u.uri_part = 1;

    /* like the name in a proxy_pass: when nginx starts, or reloads */

    if (ngx_parse_url(cf->pool, &u) != NGX_OK || u.naddrs == 0
        || u.family == AF_UNIX)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "%s in the store \"%V\", it must be "
                           "\"redis://host[:port][/database]\"",
                           u.err ? u.err : "no host", value);
        return NULL;
    }

    redis->addrs = u.addrs;
    redis->naddrs = u.naddrs;

    return (ngx_http_zoom_redis_db(cf, &u, redis) == NGX_OK) ? redis : NULL;
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

    if (ngx_http_zoom_redis_begins(value, "rediss://")) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"rediss://\" is not built in this version: use "
                           "\"redis://\" in a network of your own, or through "
                           "stunnel on this host");
        return NGX_ERROR;
    }

    if (ngx_http_zoom_redis_begins(value, "redis+sentinel://")) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"redis+sentinel://\" is not built in this "
                           "version, use \"redis://\" and a name or address "
                           "that follows the primary");
        return NGX_ERROR;
    }

    if (!ngx_http_zoom_redis_begins(value, "redis://")) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid store \"%V\", it must be "
                           "\"redis://host[:port][/database]\", for Valkey "
                           "as well", value);
        return NGX_ERROR;
    }

#if (NGX_HTTP_ZOOM_HIREDIS)

    return NGX_OK;

#else

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "this module was built without hiredis, which a "
                       "\"zoom_store\" in Redis needs: build it where "
                       "libhiredis-dev is installed, or use "
                       "\"sqlite:/path/to/store.db\"");

    return NGX_ERROR;

#endif
}


static ngx_int_t
ngx_http_zoom_redis_db(ngx_conf_t *cf, const ngx_url_t *u,
    ngx_http_zoom_redis_conf_t *redis)
{
    ngx_int_t  n;

    if (u->uri.len == 0 || (u->uri.len == 1 && u->uri.data[0] == '/')) {
        return NGX_OK;
    }

    n = ngx_atoi(u->uri.data + 1, u->uri.len - 1);

    if (n == NGX_ERROR || n > NGX_HTTP_ZOOM_REDIS_DB_MAX) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid database \"%V\" in the store \"%V\", it "
                           "must be a number from 0 to %d, such as in "
                           "\"redis://127.0.0.1:6379/1\"", &u->uri,
                           &redis->url, NGX_HTTP_ZOOM_REDIS_DB_MAX);
        return NGX_ERROR;
    }

    redis->db = n;

    return NGX_OK;
}


ngx_int_t
ngx_http_zoom_redis_parameter(ngx_conf_t *cf, ngx_str_t *value,
    ngx_http_zoom_redis_conf_t *redis)
{
    ngx_str_t  s, *text;

    s = *value;
    text = NULL;

    if (ngx_http_zoom_redis_begins(value, "user=")) {
        text = &redis->user;
        s.data += sizeof("user=") - 1;

    } else if (ngx_http_zoom_redis_begins(value, "password=")) {
        text = &redis->password;
        s.data += sizeof("password=") - 1;

    } else if (ngx_http_zoom_redis_begins(value, "prefix=")) {
        return ngx_http_zoom_redis_conf_prefix(cf, value, redis);

    } else if (ngx_http_zoom_redis_begins(value, "timeout=")) {
        return ngx_http_zoom_redis_timeout(cf, value, redis);

    } else if (ngx_http_zoom_redis_begins(value, "trusted_certificate=")) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "parameter \"trusted_certificate=\" means nothing "
                           "to \"redis://\", which has no TLS");
        return NGX_ERROR;

    } else {
        return NGX_DECLINED;
    }

    s.len = value->data + value->len - s.data;

    return ngx_http_zoom_secret(cf, (text == &redis->user) ? "user"
                                                           : "password",
                                &s, (text == &redis->user)
                                    ? NGX_HTTP_ZOOM_SECRET_ID : 0, text);
}


static ngx_int_t
ngx_http_zoom_redis_conf_prefix(ngx_conf_t *cf, ngx_str_t *value,
    ngx_http_zoom_redis_conf_t *redis)
{
    ngx_str_t  s;

    s.data = value->data + sizeof("prefix=") - 1;
    s.len = value->len - (sizeof("prefix=") - 1);

    if (!ngx_http_zoom_name(&s, "-.:", NGX_HTTP_ZOOM_REDIS_PREFIX_MAX)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid prefix \"%V\", it must be 1 to %d letters, "
                           "digits, \"_\", \"-\", \".\" or \":\", such as in "
                           "\"prefix=zoom\"", &s,
                           NGX_HTTP_ZOOM_REDIS_PREFIX_MAX);
        return NGX_ERROR;
    }

    redis->prefix = s;

    return NGX_OK;
}


static ngx_int_t
ngx_http_zoom_redis_timeout(ngx_conf_t *cf, ngx_str_t *value,
    ngx_http_zoom_redis_conf_t *redis)
{
    ngx_int_t  ms;
    ngx_str_t  s;

    s.data = value->data + sizeof("timeout=") - 1;
    s.len = value->len - (sizeof("timeout=") - 1);

    ms = ngx_parse_time(&s, 0);

    if (ms == NGX_ERROR || ms < NGX_HTTP_ZOOM_REDIS_TIMEOUT_MIN
        || ms > NGX_HTTP_ZOOM_REDIS_TIMEOUT_MAX)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid timeout \"%V\", it must be from 10ms to "
                           "5s, such as in \"timeout=250ms\"", &s);
        return NGX_ERROR;
    }

    redis->timeout = ms;

    return NGX_OK;
}


char *
ngx_http_zoom_redis_finish(ngx_conf_t *cf, ngx_http_zoom_redis_conf_t *redis)
{
    if (redis->user.len && redis->password.len == 0) {
        return "has a \"user=\", and must have a \"password=\" for it";
    }

    if (redis->prefix.len == 0) {
        ngx_str_set(&redis->prefix, "zoom");
    }

    ngx_conf_init_msec_value(redis->timeout, NGX_HTTP_ZOOM_REDIS_TIMEOUT);

    return NGX_CONF_OK;
}
