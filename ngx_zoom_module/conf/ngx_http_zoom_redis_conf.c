#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_redis_conf.h"
#include "ngx_http_zoom_redis_tls_conf.h"
#include "ngx_http_zoom_secret.h"
#include "ngx_http_zoom_url.h"


#define NGX_HTTP_ZOOM_REDIS_TIMEOUT      250
#define NGX_HTTP_ZOOM_REDIS_TIMEOUT_MIN  10
#define NGX_HTTP_ZOOM_REDIS_TIMEOUT_MAX  5000


static const char *ngx_http_zoom_redis_given(const ngx_str_t *value,
    const ngx_http_zoom_redis_conf_t *redis);
static ngx_int_t ngx_http_zoom_redis_conf_prefix(ngx_conf_t *cf,
    ngx_str_t *value, ngx_http_zoom_redis_conf_t *redis);
static ngx_int_t ngx_http_zoom_redis_trusted(ngx_conf_t *cf, ngx_str_t *value,
    ngx_http_zoom_redis_conf_t *redis);
static ngx_int_t ngx_http_zoom_redis_timeout(ngx_conf_t *cf, ngx_str_t *value,
    ngx_http_zoom_redis_conf_t *redis);


#define ngx_http_zoom_redis_begins(value, text)                               \
    ((value)->len >= sizeof(text) - 1                                         \
     && ngx_strncmp((value)->data, text, sizeof(text) - 1) == 0)


ngx_int_t
ngx_http_zoom_redis_parameter(ngx_conf_t *cf, ngx_str_t *value,
    ngx_http_zoom_redis_conf_t *redis)
{
    ngx_str_t    s, *text;
    const char  *given;

    s = *value;
    text = NULL;

    given = ngx_http_zoom_redis_given(value, redis);

    if (given) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "parameter \"%s\" of \"zoom_store\" is duplicate, "
                           "only \"key=\" may be given more than once", given);
        return NGX_ERROR;
    }

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
        return ngx_http_zoom_redis_trusted(cf, value, redis);

    } else {
        return NGX_DECLINED;
    }

    s.len = value->data + value->len - s.data;

    return ngx_http_zoom_secret(cf, (text == &redis->user) ? "user"
                                                           : "password",
                                &s, (text == &redis->user)
                                    ? NGX_HTTP_ZOOM_SECRET_ID : 0, text);
}


/* The name of one that has been given before. */

static const char *
ngx_http_zoom_redis_given(const ngx_str_t *value,
    const ngx_http_zoom_redis_conf_t *redis)
{
    if (redis->user.len && ngx_http_zoom_redis_begins(value, "user=")) {
        return "user=";
    }

    if (redis->password.len
        && ngx_http_zoom_redis_begins(value, "password="))
    {
        return "password=";
    }

    if (redis->prefix.len && ngx_http_zoom_redis_begins(value, "prefix=")) {
        return "prefix=";
    }

    if (redis->timeout != NGX_CONF_UNSET_MSEC
        && ngx_http_zoom_redis_begins(value, "timeout="))
    {
        return "timeout=";
    }

    if (redis->trusted_certificate.len
        && ngx_http_zoom_redis_begins(value, "trusted_certificate="))
    {
        return "trusted_certificate=";
    }

    return NULL;
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
ngx_http_zoom_redis_trusted(ngx_conf_t *cf, ngx_str_t *value,
    ngx_http_zoom_redis_conf_t *redis)
{
    ngx_str_t  s;

    s.data = value->data + sizeof("trusted_certificate=") - 1;
    s.len = value->len - (sizeof("trusted_certificate=") - 1);

    if (!redis->tls) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "parameter \"trusted_certificate=\" means nothing "
                           "to \"%s\", which has no TLS",
                           redis->sentinels ? "redis+sentinel://"
                                            : "redis://");
        return NGX_ERROR;
    }

    if (s.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"trusted_certificate=\" must name a file, such "
                           "as \"trusted_certificate=/etc/nginx/zoom/ca.pem\"");
        return NGX_ERROR;
    }

    redis->trusted_certificate = s;

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

    return redis->tls ? ngx_http_zoom_redis_tls_conf(cf, redis) : NGX_CONF_OK;
}
